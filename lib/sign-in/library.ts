import "server-only";
/** The sign-in library (better-auth) as this app uses it: none of its endpoints is exposed. */
import { createHmac, randomBytes } from "node:crypto";
import { betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { anonymous, magicLink } from "better-auth/plugins";
import { moveGuest } from "@/lib/chat/chats/settings";
import { db } from "@/lib/db/client";
import { env } from "@/lib/env";
import { canSendMail, sendMail } from "@/lib/notices/mail";
import { isServedOverHttps } from "./cookies";
import { hashOfToken } from "./link";

export const BASE_URL = env.BETTER_AUTH_URL ?? "http://localhost";
export const BASE_PATH = "/api/auth";
export const THREE_MONTHS = 60 * 60 * 24 * 90;

export const auth = betterAuth({
  appName: "Holdfast",
  secret: authSecret(),
  database: prismaAdapter(db, { provider: "postgresql" }),
  session: { expiresIn: THREE_MONTHS, updateAge: 60 * 60 * 24 },
  // Pages and actions call the library, not browsers, so any origin will do.
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
      // `becomeGuest` creates guests; the plugin recognizes them when they sign in. `moveGuest` deletes the guest in the
      // transaction that moves the chats; the plugin would delete the guest alone.
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
                text: `Open this link to sign in to Holdfast:\n\n${link}\n\nThe link works once and expires after five minutes. If you didn't request it, you can ignore this email.\n`,
              });
            },
          }),
        ]
      : []),
  ],
  telemetry: { enabled: false },
});

/**
 * Derived from the engine's key unless it is set, so that a deployment needs one variable less. A build signs nothing and
 * has neither; a server without both does not start (start-server.ts).
 */
function authSecret(): string {
  const seed = env.TRIGGER_SECRET_KEY ?? randomBytes(32);
  return env.BETTER_AUTH_SECRET ?? createHmac("sha256", seed).update("holdfast sign-in").digest("hex");
}
