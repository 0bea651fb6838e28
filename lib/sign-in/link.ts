import "server-only";
/**
 * Binds a mailed sign-in link to the browser that requested it. Otherwise an attacker could have a person open a link that
 * signs them in to the attacker's account, and their chats would move there.
 */
import { createHash, randomBytes } from "node:crypto";
import type { DbClient } from "@/lib/db/client";

/** Holds the browser's secret. */
export const BROWSER_COOKIE = "holdfast-browser";

/** A link expires after five minutes; the mail may arrive late. */
export const BROWSER_COOKIE_SECONDS = 15 * 60;

export function newBrowserSecret(): string {
  return randomBytes(24).toString("base64url");
}

/** The part of the link that identifies the browser. It reveals nothing to a reader of the mail. */
export function browserMark(secret: string): string {
  return createHash("sha256").update(`holdfast sign-in link ${secret}`).digest("base64url");
}

/** Whether the browser with this cookie requested the link with this mark. */
export function isOwnBrowser(mark: string, secret: string | undefined): boolean {
  return secret !== undefined && mark !== "" && browserMark(secret) === mark;
}

/** Tokens are stored as hashes. */
export function hashOfToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** The address whose account a link signs in to; null when it was used or has expired. Reading does not use it up. */
export async function addressOfLink(db: DbClient, token: string): Promise<string | null> {
  const row = await db.verification.findFirst({
    where: { identifier: `magic-link:${hashOfToken(token)}`, expiresAt: { gt: new Date() } },
    select: { value: true },
  });
  return row && (JSON.parse(row.value) as { email: string }).email;
}
