import "server-only";
/**
 * What a mailed sign-in link is bound to: the browser that asked for it. Whoever gets somebody else to open a link
 * would otherwise sign them in to an account that is not theirs, and their chats would follow.
 */
import { createHash, randomBytes } from "node:crypto";
import type { DbClient } from "@/lib/db/client";

/** A random text that only this browser has. */
export const BROWSER_COOKIE = "holdfast-browser";

/** A link lives for five minutes; the mail may take some. */
export const BROWSER_COOKIE_SECONDS = 15 * 60;

export function newBrowserSecret(): string {
  return randomBytes(24).toString("base64url");
}

/** What the link carries of the browser. It says nothing to whoever reads the mail. */
export function browserMark(secret: string): string {
  return createHash("sha256").update(`holdfast sign-in link ${secret}`).digest("base64url");
}

/** Whether a link with this mark was asked for by the browser with this cookie. */
export function isOwnBrowser(mark: string, secret: string | undefined): boolean {
  return secret !== undefined && mark !== "" && browserMark(secret) === mark;
}

/** Tokens are stored as their hash. */
export function hashOfToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** Whose account a link signs in to; null when it was used, or is too old. Looking does not use it up. */
export async function addressOfLink(db: DbClient, token: string): Promise<string | null> {
  const row = await db.verification.findFirst({
    where: { identifier: `magic-link:${hashOfToken(token)}`, expiresAt: { gt: new Date() } },
    select: { value: true },
  });
  return row && (JSON.parse(row.value) as { email: string }).email;
}
