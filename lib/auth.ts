import "server-only";
/**
 * Signing in and out, and the person of a request. To bring your own authentication, keep the functions that are exported
 * here and replace what they call (lib/sign-in).
 */
import { cache } from "react";
import { headers } from "next/headers";
import { canSendMail } from "@/lib/notices/mail";
import { countAttempt, LimitError, type Rate } from "@/lib/http/rate-limit";
import { callRouter, type AuthOutcome } from "./sign-in/router";
import { userFrom, type SignedInUser } from "./sign-in/user";
import { restoreGuest, setAsideGuest } from "./sign-in/visitors";

export type { AuthCookie } from "./sign-in/cookies";
export type { AuthOutcome } from "./sign-in/router";
export { userFrom, type SignedInUser } from "./sign-in/user";
export { becomeGuest, receiveVisitor } from "./sign-in/visitors";
export { canSendMail };

export type Credentials = { email: string; password: string };

/** The person who makes this request, or null. Read once per request. */
export const getUser = cache(async (): Promise<SignedInUser | null> => userFrom(await headers()));

/** Creates an account and moves the guest's chats to it. */
export function signUp({ email, password }: Credentials, requestHeaders: Headers): Promise<AuthOutcome> {
  const name = email.split("@")[0] ?? email;
  return callRouter("/sign-up/email", requestHeaders, { email, password, name });
}

/** Signs in to an existing account and moves the guest's chats to it. */
export async function signIn(credentials: Credentials, requestHeaders: Headers): Promise<AuthOutcome> {
  return (
    (await refusalOf(`sign-in:${credentials.email.toLowerCase()}`, SIGN_INS_PER_ACCOUNT)) ??
    callRouter("/sign-in/email", requestHeaders, credentials)
  );
}

/** Signs out. A guest who was set aside at the sign-in is signed in again. */
export async function signOut(requestHeaders: Headers): Promise<AuthOutcome> {
  const outcome = await callRouter("/sign-out", requestHeaders, {});
  return outcome.ok
    ? { ...outcome, cookies: [...outcome.cookies, ...(await restoreGuest(requestHeaders))] }
    : outcome;
}

/**
 * Mails a sign-in link, which creates the account if there is none. Only when `canSendMail()`. `browser` is the mark of
 * the browser that requests it (sign-in/link.ts).
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

/** Signs in with the token of such a link. With `movesChats` the guest's chats move to the account; without, the guest is set aside. */
export async function followSignInLink(
  token: string,
  { movesChats }: { movesChats: boolean },
  requestHeaders: Headers,
): Promise<AuthOutcome> {
  const path = `/magic-link/verify?token=${encodeURIComponent(token)}`;
  if (movesChats) return callRouter(path, requestHeaders);
  // Without the cookie, the library has no guest whose chats it could move.
  const outcome = await callRouter(path, withoutCookies(requestHeaders));
  return outcome.ok
    ? { ...outcome, cookies: [...outcome.cookies, ...(await setAsideGuest(requestHeaders))] }
    : outcome;
}

/** Per account and recipient, because an attacker has many IP addresses. */
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

/** The headers without a session, so that the library sees no guest. */
function withoutCookies(requestHeaders: Headers): Headers {
  const copy = new Headers(requestHeaders);
  copy.delete("cookie");
  return copy;
}
