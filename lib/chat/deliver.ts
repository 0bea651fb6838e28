/**
 * Tells agents what was decided. The decision is in the database before this runs, and stays marked as undelivered
 * until the engine has the record: whoever dies in between leaves the rest to the next delivery.
 */
import { sessions } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import type { Db } from "@/lib/db";
import { expireRequests, findUndelivered, markDelivered } from "./decisions";

const startSession = chat.createStartSessionAction("chat");

/**
 * Delivers what is complete and undelivered, in one chat or in all. Safe to repeat and to run in several processes at
 * once: an agent that hears of the same decisions twice does nothing the second time. Rejects when the engine cannot
 * be reached; then nothing is lost but time.
 */
export async function deliverDecisions(
  db: Db,
  { chatId, now = new Date() }: { chatId?: string; now?: Date } = {},
): Promise<void> {
  for (const { chatId: id, messageId } of await findUndelivered(db, { now, ...(chatId && { chatId }) })) {
    await tell(id, messageId);
    await markDelivered(db, { chatId: id, messageId, now });
  }
}

/** Everything that time brings about: what nobody decided expires, and what could not be delivered is. */
export async function sweepRequests(db: Db, now = new Date()): Promise<void> {
  await expireRequests(db, now);
  await deliverDecisions(db, { now });
}

async function tell(chatId: string, messageId: string): Promise<void> {
  // The agent's own message comes back without a word: what was decided is for it to read.
  const message = { id: messageId, role: "assistant", parts: [] };
  const payload = { chatId, trigger: "submit-message", message };
  const send = () => sessions.open(chatId).in.send({ kind: "message", payload });
  try {
    await send();
  } catch {
    // The session may be gone: the engine's data was deleted, or the app moved to another engine.
    await startSession({ chatId });
    await send();
  }
}
