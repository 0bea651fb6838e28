import "server-only";
/**
 * The one file that knows who is signed in. To bring your own authentication, keep the exported functions and
 * replace what is inside.
 */
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { cache } from "react";
import { headers } from "next/headers";
import { betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { parseSetCookieHeader } from "better-auth/cookies";
import { makeSignature } from "better-auth/crypto";
import { anonymous, magicLink } from "better-auth/plugins";
import { moveGuest } from "@/lib/chat/chats/settings";
import { clientAddress } from "@/lib/http/client-address";
import { db } from "@/lib/db/client";
import { env } from "./env";
import { canSendMail, sendMail } from "@/lib/notices/mail";
import { countAttempt, countLocally, LimitError, countUse, type Rate } from "@/lib/http/rate-limit";
import { hashOfToken } from "./sign-in-link";

export type SignedInUser = {
  id: string;
  name: string;
  isGuest: boolean;
  email: string | null;
  /** Whether they have shown that the address is theirs. Nothing but sign-in links is mailed before. */
  isVerified: boolean;
};

export type Credentials = { email: string; password: string };

/** A cookie as `cookies().set` takes it. */
export type AuthCookie = { name: string; value: string; options: Record<string, unknown> };

export type AuthOutcome = { cookies: AuthCookie[] } & ({ ok: true } | { ok: false; problem: string });

const BASE_URL = env.BETTER_AUTH_URL ?? "http://localhost";
const BASE_PATH = "/api/auth";
const THREE_MONTHS = 60 * 60 * 24 * 90;
const GUEST_NAME = "Guest";
const GUEST_DOMAIN = "guest.invalid";

const auth = betterAuth({
  appName: "Holdfast",
  secret: authSecret(),
  database: prismaAdapter(db, { provider: "postgresql" }),
  session: { expiresIn: THREE_MONTHS, updateAge: 60 * 60 * 24 },
  // No endpoint of the library is exposed: pages and actions call it, so any origin will do.
  baseURL: BASE_URL,
  basePath: BASE_PATH,
  emailAndPassword: { enabled: true, minPasswordLength: 8, maxPasswordLength: 128 },
  rateLimit: {
    enabled: true,
    storage: "database",
    window: 60,
    max: 60,
    customRules: { "/sign-in/*": { window: 60, max: 10 }, "/sign-up/*": { window: 60, max: 10 } },
  },
  advanced: { useSecureCookies: isServedOverHttps() },
  logger: { level: "error" },
  plugins: [
    anonymous({
      // `becomeGuest` makes them; the plugin knows them when they sign in.
      // A guest goes together with the chats, in one transaction. The plugin would delete the one without the other.
      disableDeleteAnonymousUser: true,
      onLinkAccount: ({ anonymousUser, newUser }) =>
        moveGuest(db, { guestId: anonymousUser.user.id, userId: newUser.user.id }),
    }),
    ...(canSendMail()
      ? [
          magicLink({
            storeToken: { type: "custom-hasher", hash: async (token) => hashOfToken(token) },
            rateLimit: { window: 60, max: 5 },
            sendMagicLink: ({ email, token, metadata }) => {
              const query = new URLSearchParams({ token, browser: String(metadata?.browser ?? "") });
              const link = new URL(`/sign-in/link?${query}`, BASE_URL).href;
              return sendMail({
                to: email,
                subject: "Your sign-in link",
                text: `Open this link to sign in to Holdfast:\n\n${link}\n\nIt works once, for five minutes. If you did not ask for it, ignore this message.\n`,
              });
            },
          }),
        ]
      : []),
  ],
  telemetry: { enabled: false },
});

/** On plain http (your machine, your LAN) a browser would drop a cookie that is marked secure. */
function isServedOverHttps(): boolean {
  return Boolean(env.VERCEL) || (env.BETTER_AUTH_URL?.startsWith("https:") ?? false);
}

/**
 * One secret per installation, so that a deployment needs no fifth variable: the engine's key, never shown, seeds it. A
 * build, which signs nothing, has neither; a server without one does not start (start-server.ts).
 */
function authSecret(): string {
  const seed = env.TRIGGER_SECRET_KEY ?? randomBytes(32);
  return env.BETTER_AUTH_SECRET ?? createHmac("sha256", seed).update("holdfast sign-in").digest("hex");
}

/** Who makes this request, or null. Read once per request. */
export const getUser = cache(async (): Promise<SignedInUser | null> => userFrom(await headers()));

/** Tells new browsers apart without a row: whatever a browser first does, in however many tabs, makes one guest. */
const VISITOR_COOKIE = "holdfast-visitor";

/**
 * For a page view, which makes no row: a new browser gets a number, and the identity of a returning person does not
 * expire. Returns the `Set-Cookie` lines for the response, usually none. Throws `LimitError` when newcomers of one address
 * look at too much.
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
 * Makes a guest of whoever asks and is nobody yet. Everything about that guest follows from the browser's number, so
 * requests that come at once, to however many servers, make the same one. Throws `LimitError` when an address makes too many.
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
      // The next guest of this browser, after a sign-out, is another one.
      { name: VISITOR_COOKIE, value: "", options: cookieOptions(0) },
    ],
  };
}

/** By the browser's number: ten files dropped at once are one guest, and count as one. */
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

/** The same where there is no page or action, only a request. */
export async function userFrom(requestHeaders: Headers): Promise<SignedInUser | null> {
  const session = await auth.api.getSession({ headers: requestHeaders });
  if (!session) return null;
  const { id, name, email, emailVerified, isAnonymous } = session.user;
  const isGuest = isAnonymous === true;
  return { id, name, isGuest, email: isGuest ? null : email, isVerified: !isGuest && emailVerified };
}

/** Makes an account of the guest who asks. Every chat goes along. */
export function signUp({ email, password }: Credentials, requestHeaders: Headers): Promise<AuthOutcome> {
  const name = email.split("@")[0] ?? email;
  return callRouter("/sign-up/email", requestHeaders, { email, password, name });
}

/** Signs in to an account that exists. The chats of the guest who asks go along. */
export async function signIn(credentials: Credentials, requestHeaders: Headers): Promise<AuthOutcome> {
  return (
    (await refusalOf(`sign-in:${credentials.email.toLowerCase()}`, SIGN_INS_PER_ACCOUNT)) ??
    callRouter("/sign-in/email", requestHeaders, credentials)
  );
}

/** A guest whose chats were not moved at the sign-in is there again. */
export async function signOut(requestHeaders: Headers): Promise<AuthOutcome> {
  const outcome = await callRouter("/sign-out", requestHeaders, {});
  return outcome.ok
    ? { ...outcome, cookies: [...outcome.cookies, ...(await takeBackGuest(requestHeaders))] }
    : outcome;
}

/**
 * Mails a link that signs in, and makes the account if there is none. Only when `canSendMail()`. `browser` is the mark
 * of the browser that asks (sign-in-link.ts).
 */
export async function requestSignInLink(
  email: string,
  browser: string,
  requestHeaders: Headers,
): Promise<AuthOutcome> {
  return (
    (await refusalOf(`mail:${email.toLowerCase()}`, MAILS_PER_RECIPIENT)) ??
    callRouter("/sign-in/magic-link", requestHeaders, { email, metadata: { browser } })
  );
}

/** Takes the token of such a link. A guest's chats go along only if they are to; otherwise the guest is set aside. */
export async function followSignInLink(
  token: string,
  { movesChats }: { movesChats: boolean },
  requestHeaders: Headers,
): Promise<AuthOutcome> {
  const path = `/magic-link/verify?token=${encodeURIComponent(token)}`;
  if (movesChats) return callRouter(path, requestHeaders);
  // Without the cookie, the library knows no guest whose chats could be moved.
  const outcome = await callRouter(path, withoutCookies(requestHeaders));
  return outcome.ok
    ? { ...outcome, cookies: [...outcome.cookies, ...(await setAsideGuest(requestHeaders))] }
    : outcome;
}

/** In which a browser keeps the session of a guest while somebody is signed in to an account. */
const ASIDE_COOKIE = "holdfast-guest";

async function setAsideGuest(requestHeaders: Headers): Promise<AuthCookie[]> {
  const { name } = (await auth.$context).authCookies.sessionToken;
  const value = cookieOf(requestHeaders, name);
  if (value === undefined || (await userFrom(requestHeaders))?.isGuest !== true) return [];
  return [{ name: ASIDE_COOKIE, value, options: cookieOptions(THREE_MONTHS) }];
}

async function takeBackGuest(requestHeaders: Headers): Promise<AuthCookie[]> {
  const { name } = (await auth.$context).authCookies.sessionToken;
  const value = cookieOf(requestHeaders, ASIDE_COOKIE);
  if (value === undefined) return [];
  const guest = await userFrom(new Headers({ cookie: `${name}=${encodeURIComponent(value)}` }));
  const forgotten = { name: ASIDE_COOKIE, value: "", options: cookieOptions(0) };
  return guest?.isGuest ? [{ name, value, options: cookieOptions(THREE_MONTHS) }, forgotten] : [forgotten];
}

function cookieOptions(maxAge: number) {
  return { path: "/", httpOnly: true, sameSite: "lax", secure: isServedOverHttps(), maxAge };
}

function cookieOf(requestHeaders: Headers, name: string): string | undefined {
  const pairs = (requestHeaders.get("cookie") ?? "").split(/; */).map((pair) => pair.split("="));
  const value = pairs
    .find(([key]) => key === name)
    ?.slice(1)
    .join("=");
  return value && decodeURIComponent(value);
}

/** By account and recipient, because addresses are cheap: a guesser and a nuisance have many. */
const SIGN_INS_PER_ACCOUNT = { count: 20, seconds: 15 * 60 };
const MAILS_PER_RECIPIENT = { count: 5, seconds: 60 * 60 };

async function refusalOf(key: string, rate: Rate): Promise<AuthOutcome | null> {
  try {
    await countAttempt("other", key, rate);
    return null;
  } catch (error) {
    if (error instanceof LimitError) return { ok: false, cookies: [], problem: error.message };
    throw error;
  }
}

export { canSendMail };

/**
 * Asks the library as if over HTTP, because only its router counts attempts: a direct call is not limited. A body makes
 * it a POST.
 */
async function callRouter(path: string, requestHeaders: Headers, body?: object): Promise<AuthOutcome> {
  // Whoever calls has checked where the request comes from (proxy.ts).
  const headers = new Headers({ origin: new URL(BASE_URL).origin, accept: "application/json" });
  for (const name of ["cookie", "x-forwarded-for", "user-agent"]) {
    const value = requestHeaders.get(name);
    if (value) headers.set(name, value);
  }
  if (body) headers.set("content-type", "application/json");
  const response = await auth.handler(
    new Request(new URL(`${BASE_PATH}${path}`, BASE_URL), {
      method: body ? "POST" : "GET",
      headers,
      ...(body && { body: JSON.stringify(body) }),
    }),
  );
  const cookies = cookiesOf(response);
  return response.ok ? { ok: true, cookies } : { ok: false, cookies, problem: await problemOf(response) };
}

function cookiesOf(response: Response): AuthCookie[] {
  return response.headers.getSetCookie().flatMap((line) =>
    [...parseSetCookieHeader(line)].map(([name, { value, ...attributes }]) => ({
      name,
      value,
      options: {
        path: attributes.path ?? "/",
        httpOnly: attributes.httponly ?? true,
        secure: attributes.secure ?? false,
        sameSite: attributes.samesite ?? "lax",
        ...(attributes["max-age"] !== undefined && { maxAge: attributes["max-age"] }),
      },
    })),
  );
}

const problems: Record<string, string> = {
  INVALID_EMAIL: "Enter a valid email address.",
  INVALID_EMAIL_OR_PASSWORD: "Wrong email or password.",
  PASSWORD_TOO_SHORT: "The password is too short: it needs at least 8 characters.",
  PASSWORD_TOO_LONG: "The password is too long: 128 characters are the limit.",
  USER_ALREADY_EXISTS: "There is an account with this e-mail already. Sign in to it instead.",
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL:
    "There is an account with this e-mail already. Sign in to it instead.",
  INVALID_TOKEN: "This link was used already, or is older than five minutes. Ask for a new one.",
};

async function problemOf(response: Response): Promise<string> {
  if (response.status === 429) {
    const seconds = Number(response.headers.get("x-retry-after")) || 60;
    return `Too many attempts. Wait ${seconds} seconds and try again.`;
  }
  // A redirect is how the library says that a link is no good.
  const location = response.headers.get("location");
  const code = location
    ? new URL(location, "http://localhost").searchParams.get("error")
    : ((await response.json().catch(() => null)) as { code?: string } | null)?.code;
  return problems[code ?? ""] ?? "That did not work. Your chats are safe: try again in a moment.";
}

/** Nobody in particular: the library then knows no guest. */
function withoutCookies(requestHeaders: Headers): Headers {
  const copy = new Headers(requestHeaders);
  copy.delete("cookie");
  return copy;
}
