import "server-only";
/** Takes a person's chats back from pages that were opened before they signed out. */
import type { Db } from "@/lib/db/client";
import { env } from "./env";

const AT_ONCE = 1_000;

/**
 * No token that was given out before opens one of their chats. Pages that are still signed in get a new one by
 * themselves. At Trigger.dev tokens cannot be taken back; there they are short.
 */
export async function expireChatTokens(db: Db, userId: string): Promise<void> {
  if (!env.ENGINE_URL) return;
  const chats = await db.chat.findMany({ where: { userId, deletedAt: null }, select: { id: true } });
  for (let from = 0; from < chats.length; from += AT_ONCE) {
    const response = await fetch(`${env.ENGINE_URL}/api/v1/session-tokens/expire`, {
      method: "POST",
      headers: { authorization: `Bearer ${env.TRIGGER_SECRET_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ externalIds: chats.slice(from, from + AT_ONCE).map(({ id }) => id) }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`The engine did not expire the tokens: it answered ${response.status}`);
  }
}
