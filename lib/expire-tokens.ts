import "server-only";
/** Ends the access to a person's chats of pages that were opened before they signed out. */
import type { Db } from "@/lib/db/client";
import { env } from "./env";

const CHATS_PER_CALL = 1_000;

/**
 * Expires all earlier tokens for this person's chats. Pages that are still signed in fetch a new one by themselves.
 * Trigger.dev can't expire tokens, so there they are short-lived.
 */
export async function expireChatTokens(db: Db, userId: string): Promise<void> {
  if (!env.ENGINE_URL) return;
  const chats = await db.chat.findMany({ where: { userId, deletedAt: null }, select: { id: true } });
  for (let from = 0; from < chats.length; from += CHATS_PER_CALL) {
    const response = await fetch(`${env.ENGINE_URL}/api/v1/session-tokens/expire`, {
      method: "POST",
      headers: { authorization: `Bearer ${env.TRIGGER_SECRET_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ externalIds: chats.slice(from, from + CHATS_PER_CALL).map(({ id }) => id) }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`The engine did not expire the tokens: status ${response.status}`);
  }
}
