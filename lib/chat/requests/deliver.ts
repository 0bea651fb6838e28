/**
 * Wakes agents after decisions. The decision is in the database before this runs, and stays undelivered until the engine
 * has the record: after a crash the next delivery does the rest.
 */
import { sessions } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { workThrough } from "@/lib/db/batches";
import type { Db } from "@/lib/db/client";
import { within } from "@/lib/within";
import type { AgentAction } from "../tree/branch-actions";
import { expireRequests } from "./settle";
import { claimUndelivered, markDelivered, postponeDelivery, type Undelivered } from "./undelivered";

const startSession = chat.createStartSessionAction("chat");

const BATCH = 20;
const AT_ONCE = 4;
const WITHIN_MS = 10_000;

export type DeliverOptions = {
  /** Only the decisions of this chat. */
  chatId?: string;
  now?: Date;
  /** How long one delivery may take. */
  withinMs?: number;
  /** Wakes one agent; rejects when that failed. */
  tell?: (message: Undelivered) => Promise<unknown>;
};

/**
 * Delivers complete decisions, in one chat or in all. A delivery that hangs stops no other one. Safe to repeat and to run in
 * several processes at once: an agent that is woken twice does nothing the second time. Rejects in the end when some
 * deliveries failed; they are tried again.
 */
export async function deliverDecisions(
  db: Db,
  { chatId, now, withinMs = WITHIN_MS, tell = (message) => tellAgent(db, message) }: DeliverOptions = {},
): Promise<void> {
  const failures = await workThrough(
    (limit) => claimUndelivered(db, { limit, ...(now && { now }), ...(chatId !== undefined && { chatId }) }),
    async (delivery) => {
      const at = now && { now };
      try {
        // One that timed out may still succeed: an agent that is woken twice does nothing the second time.
        await within(withinMs, tell(delivery), `The engine did not answer within ${withinMs / 1000} s.`);
        await markDelivered(db, { ...delivery, ...at });
      } catch (error) {
        // The database may be down, too: then the claim itself runs out.
        await postponeDelivery(db, { ...delivery, ...at }).catch(() => {});
        throw error;
      }
    },
    { batch: BATCH, atOnce: AT_ONCE },
  );
  if (failures.length > 0)
    throw new AggregateError(
      failures,
      `${failures.length} decisions could not be delivered: ${wordsOf(failures[0])}`,
    );
}

/** Expires requests whose time is over, and delivers decisions that could not be delivered before. */
export async function sweepRequests(db: Db, now?: Date): Promise<void> {
  await expireRequests(db, now);
  await deliverDecisions(db, now && { now });
}

async function tellAgent(db: Db, { chatId, messageId }: Undelivered): Promise<void> {
  // What was decided is for the agent to read.
  const action: AgentAction = { type: "decided", messageId };
  const payload = { chatId, trigger: "action" as const, action };
  const send = () => sessions.open(chatId).in.send({ kind: "message", payload });
  try {
    await send();
  } catch {
    // The session may not exist: the engine's data was deleted, or the app moved to another engine.
    const owner = await db.chat.findUniqueOrThrow({ where: { id: chatId }, select: { userId: true } });
    // The queue is fair per person.
    await startSession({ chatId, triggerConfig: { concurrencyKey: owner.userId } });
    await send();
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
