/**
 * Tells agents what was decided. The decision is in the database before this runs, and stays marked as undelivered
 * until the engine has the record: whoever dies in between leaves the rest to the next delivery.
 */
import { setTimeout as pause } from "node:timers/promises";
import { sessions } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { workThrough } from "@/lib/db/batches";
import type { Db } from "@/lib/db/client";
import type { AgentAction } from "../tree/branch-actions";
import { expireRequests } from "./settle";
import { claimUndelivered, markDelivered, postponeDelivery, type Undelivered } from "./undelivered";

const startSession = chat.createStartSessionAction("chat");

const BATCH = 20;
const AT_ONCE = 4;
const WITHIN_MS = 10_000;

export type DeliverOptions = {
  /** Only what was decided in this chat. */
  chatId?: string;
  now?: Date;
  /** How long one delivery may take. */
  withinMs?: number;
  /** Tells one agent; rejects when it could not. */
  tell?: (message: Undelivered) => Promise<unknown>;
};

/**
 * Delivers what is complete and undelivered, in one chat or in all: each by itself, so that one that is stuck stops no
 * other. Safe to repeat and to run in several processes at once: an agent that hears of the same decisions twice does
 * nothing the second time. When some could not be delivered it rejects with their errors in the end; then nothing is
 * lost but time.
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
        await within(withinMs, tell(delivery));
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

/** Everything that time brings about: what nobody decided expires, and what could not be delivered is. */
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
    // The session may be gone: the engine's data was deleted, or the app moved to another engine.
    const owner = await db.chat.findUniqueOrThrow({ where: { id: chatId }, select: { userId: true } });
    // The queue is fair by person.
    await startSession({ chatId, triggerConfig: { concurrencyKey: owner.userId } });
    await send();
  }
}

/** An attempt that is given up may still succeed: the agent does nothing when it hears the same twice. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      pause(ms, undefined, { signal: late.signal }).then(() => {
        throw new Error(`The engine did not answer within ${ms / 1000} s.`);
      }),
    ]);
  } finally {
    late.abort();
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
