import "server-only";
/** People without an account: a visitor is a number in a cookie, and becomes a guest with the first chat or file. */
import { createHmac, randomUUID } from "node:crypto";
import { makeSignature } from "better-auth/crypto";
import { db } from "@/lib/db/client";
import { env } from "@/lib/env";
import { clientAddress } from "@/lib/http/client-address";
import { countLocally, countUse } from "@/lib/http/rate-limit";
import { cookieOf, cookieOptions, isServedOverHttps, type AuthCookie } from "./cookies";
import { auth, THREE_MONTHS } from "./library";
import { userFrom, type SignedInUser } from "./user";

const GUEST_NAME = "Guest";
const GUEST_DOMAIN = "guest.invalid";

/** Tells new browsers apart without a row: everything a new browser does, in all its tabs, belongs to one guest. */
const VISITOR_COOKIE = "holdfast-visitor";

/**
 * For a page view, which creates no row: a new browser gets a number, and a returning person's session is extended.
 * Returns the `Set-Cookie` lines for the response, usually none. Throws `LimitError` when new visitors from one address
 * open too many pages.
 */
export async function receiveVisitor(requestHeaders: Headers): Promise<string[]> {
  const { authCookies } = await auth.$context;
  const known = cookieOf(requestHeaders, authCookies.sessionToken.name)
    ? await auth.api.getSession({ headers: requestHeaders, returnHeaders: true })
    : null;
  if (!known?.response)
    await countLocally("views", clientAddress({ headers: requestHeaders }), env.LIMIT_VIEWS);
  const lines = known?.headers.getSetCookie() ?? [];
  return known?.response || cookieOf(requestHeaders, VISITOR_COOKIE)
    ? lines
    : [...lines, visitorCookie(randomUUID())];
}

/**
 * Creates a guest for a browser without a session. Everything about the guest is derived from the browser's number, so
 * simultaneous requests, even to several servers, create the same guest. Throws `LimitError` when an address has too many.
 */
export async function becomeGuest(
  requestHeaders: Headers,
): Promise<{ user: SignedInUser; cookies: AuthCookie[] }> {
  const { authCookies, secret } = await auth.$context;
  const visitor = cookieOf(requestHeaders, VISITOR_COOKIE) ?? randomUUID();
  const derive = (what: string) =>
    createHmac("sha256", secret).update(`guest ${what} ${visitor}`).digest("base64url").slice(0, 32);
  const [id, sessionId, token] = [derive("id"), derive("session"), derive("token")];
  const making = arriving.get(visitor) ?? makeGuest({ id, sessionId, token }, requestHeaders);
  arriving.set(visitor, making);
  await making.finally(() => arriving.delete(visitor));
  const { name } = authCookies.sessionToken;
  const value = `${token}.${await makeSignature(token, secret)}`;
  return {
    user: { id, name: GUEST_NAME, isGuest: true, email: null, isVerified: false },
    cookies: [
      { name, value, options: cookieOptions(THREE_MONTHS) },
      // After a sign-out, this browser gets a new guest.
      { name: VISITOR_COOKIE, value: "", options: cookieOptions(0) },
    ],
  };
}

/** By the browser's number, so that ten files dropped at once create and count one guest. */
const arriving = new Map<string, Promise<void>>();

async function makeGuest(
  { id, sessionId, token }: { id: string; sessionId: string; token: string },
  requestHeaders: Headers,
): Promise<void> {
  if (await db.session.findUnique({ where: { token }, select: { id: true } })) return;
  const address = clientAddress({ headers: requestHeaders });
  await countUse("guests", { address });
  const expiresAt = new Date(Date.now() + THREE_MONTHS * 1000);
  const guest = { id, name: GUEST_NAME, email: `${id}@${GUEST_DOMAIN}`, isAnonymous: true };
  const session = { id: sessionId, userId: id, token, expiresAt, ipAddress: address };
  await db.$transaction([
    db.user.createMany({ data: [guest], skipDuplicates: true }),
    db.session.createMany({
      data: [{ ...session, userAgent: requestHeaders.get("user-agent") }],
      skipDuplicates: true,
    }),
  ]);
}

function visitorCookie(value: string): string {
  return `${VISITOR_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax${isServedOverHttps() ? "; Secure" : ""}`;
}

/** Keeps the session of a guest while the browser is signed in to an account. */
const ASIDE_COOKIE = "holdfast-guest";

export async function setAsideGuest(requestHeaders: Headers): Promise<AuthCookie[]> {
  const { name } = (await auth.$context).authCookies.sessionToken;
  const value = cookieOf(requestHeaders, name);
  if (value === undefined || (await userFrom(requestHeaders))?.isGuest !== true) return [];
  return [{ name: ASIDE_COOKIE, value, options: cookieOptions(THREE_MONTHS) }];
}

export async function restoreGuest(requestHeaders: Headers): Promise<AuthCookie[]> {
  const { name } = (await auth.$context).authCookies.sessionToken;
  const value = cookieOf(requestHeaders, ASIDE_COOKIE);
  if (value === undefined) return [];
  const guest = await userFrom(new Headers({ cookie: `${name}=${encodeURIComponent(value)}` }));
  const removed = { name: ASIDE_COOKIE, value: "", options: cookieOptions(0) };
  return guest?.isGuest ? [{ name, value, options: cookieOptions(THREE_MONTHS) }, removed] : [removed];
}
