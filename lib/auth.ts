import "server-only";
/**
 * The one file that knows who is signed in. To bring your own authentication, keep the three exported functions
 * and replace what is inside.
 */
import { createHmac } from "node:crypto";
import { cache } from "react";
import { headers } from "next/headers";
import { betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { anonymous } from "better-auth/plugins";
import { db } from "./db";

export type SignedInUser = { id: string; name: string; isGuest: boolean };

const THREE_MONTHS = 60 * 60 * 24 * 90;

const auth = betterAuth({
  appName: "Holdfast",
  secret: process.env.BETTER_AUTH_SECRET ?? derivedSecret(),
  database: prismaAdapter(db, { provider: "postgresql" }),
  session: { expiresIn: THREE_MONTHS, updateAge: 60 * 60 * 24 },
  // No endpoint of the library is exposed: pages and actions call it, so it needs to know of no origin.
  ...(process.env.BETTER_AUTH_URL && { baseURL: process.env.BETTER_AUTH_URL }),
  advanced: { useSecureCookies: isServedOverHttps() },
  logger: { level: "error" },
  plugins: [anonymous({ emailDomainName: "guest.invalid", generateName: () => "Guest" })],
  telemetry: { enabled: false },
});

/** On plain http (your machine, your LAN) a browser would drop a cookie that is marked secure. */
function isServedOverHttps(): boolean {
  return Boolean(process.env.VERCEL) || (process.env.BETTER_AUTH_URL?.startsWith("https:") ?? false);
}

/** One secret per installation, so that a deployment needs no fifth variable: the engine's key, never shown, seeds it. */
function derivedSecret(): string {
  const seed =
    process.env.TRIGGER_SECRET_KEY ?? "set TRIGGER_SECRET_KEY or BETTER_AUTH_SECRET before anyone signs in";
  return createHmac("sha256", seed).update("holdfast sign-in").digest("hex");
}

/** Who makes this request, or null. Read once per request. */
export const getUser = cache(async (): Promise<SignedInUser | null> => userFrom(await headers()));

/**
 * Gives a first-time visitor a guest identity, and keeps the identity of a returning one from expiring. Returns the
 * `Set-Cookie` lines for the response, usually none.
 */
export async function ensureGuest(requestHeaders: Headers): Promise<string[]> {
  const known = await auth.api.getSession({ headers: requestHeaders, returnHeaders: true });
  if (known.response) return known.headers.getSetCookie();
  const made = await auth.api.signInAnonymous({
    headers: withoutCookies(requestHeaders),
    returnHeaders: true,
  });
  return made.headers.getSetCookie();
}

async function userFrom(requestHeaders: Headers): Promise<SignedInUser | null> {
  const session = await auth.api.getSession({ headers: requestHeaders });
  if (!session) return null;
  const { id, name, isAnonymous } = session.user;
  return { id, name, isGuest: isAnonymous === true };
}

/** A stale cookie would make the plugin refuse: it takes the visitor for somebody who is signed in. */
function withoutCookies(requestHeaders: Headers): Headers {
  const copy = new Headers(requestHeaders);
  copy.delete("cookie");
  return copy;
}
