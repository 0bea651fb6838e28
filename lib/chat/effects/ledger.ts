/**
 * Runs the side effects of tools once. A row in `Effect` is written before the effect and completed after it, so a turn
 * that runs again finds the result instead of repeating the effect. When a worker dies between the two, the outcome is
 * unknown, and a person is asked instead of a second attempt.
 */
import { createHash, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Db } from "@/lib/db/client";
import type { Effect } from "@/prisma/generated/client";
import { claimEffect, endEffect, endLease, renewLease } from "./effects.sql";
import { sanitise } from "../message";
import { withRetry } from "@/lib/db/retry";
import type { Attempt, EffectCall, EffectState, End } from "./effect";
import { UnknownOutcomeError } from "./unknown-outcome";

export type EffectPolicy = {
  /**
   * Doing it twice is like doing it once, or the service honors the idempotency key, which then never changes: an
   * unknown outcome is tried again.
   */
  safeToRepeat?: boolean;
  /** Ends the waiting for another attempt. An effect that has begun is not interrupted. */
  signal?: AbortSignal | undefined;
  /** After this long without a sign of life, who carries an effect out counts as dead. */
  leaseMs?: number;
};

/** The message is shown to the reader of the chat. */
export class EffectError extends Error {
  override name = "EffectError";
}

/**
 * A tool throws or returns this when it knows that nothing happened: the service refused, or was never asked. Only then
 * may the call be tried again. Its words are for the model and the reader of the chat.
 */
export class DidNotHappenError extends Error {
  override name = "DidNotHappenError";
}

/** Above the longest pause of a healthy worker, and well below the 30 s in which a broken turn has to heal. */
const LEASE_MS = 10_000;
const FIRST_LOOK_MS = 50;
const LAST_LOOK_MS = 1_000;
const MAX_ERROR_LENGTH = 2_000;

type Run<Output> = (
  idempotencyKey: string,
) => Output | DidNotHappenError | Promise<Output | DidNotHappenError>;

/**
 * Carries the effect out, unless that has been done: then it returns what it returned before. Of several callers at
 * the same time one does it, and the others wait for its end. `run` gets a key by which a remote service can tell a
 * repeated request. Throws the `DidNotHappenError` of `run`, after which another call may try again. Any other error
 * may come after the effect (a reset connection, a 504, an answer that cannot be read), so it is an
 * `UnknownOutcomeError`.
 */
export async function runOnce<Output>(
  db: Db,
  call: EffectCall,
  run: Run<Output>,
  policy: EffectPolicy = {},
): Promise<Output> {
  const attempt: Attempt = {
    key: await keyOf(db, call),
    holder: randomUUID(),
    call: sanitise(call),
    leaseMs: policy.leaseMs ?? LEASE_MS,
    safeToRepeat: policy.safeToRepeat ?? false,
  };
  for (let look = FIRST_LOOK_MS, isWaiting = false; ; isWaiting = true) {
    policy.signal?.throwIfAborted();
    // A failure that happened while this call waited is this call's result; a later call may try again.
    const effect = await retrying(attempt, () => claim(db, attempt, { afterFailure: !isWaiting }));
    if (!effect) throw new EffectError("This chat does not exist anymore, so nothing was done.");
    if (effect.holder === attempt.holder && effect.state === "started") {
      // Aborted during the claim: the stop handler already reported 'not started'.
      if (policy.signal?.aborted) await recordEnd(db, attempt, { state: "failed", error: "Stopped." });
      policy.signal?.throwIfAborted();
      return carryOut(db, attempt, effect, run);
    }
    // Arguments that changed after a person approved them.
    if (canonical(effect.input) !== canonical(attempt.call.input)) {
      throw new EffectError(
        `This call of "${call.tool}" ran with other arguments. Ask for it again to run it with these.`,
      );
    }
    switch (effect.state as EffectState) {
      case "done":
        return effect.output as Output;
      case "failed":
        throw new DidNotHappenError(effect.error ?? `"${call.tool}" did not happen.`);
      case "unknown":
        throw new UnknownOutcomeError(effect);
      case "started":
        await pause(look, undefined, policy.signal ? { signal: policy.signal } : {});
        look = Math.min(look * 1.5, LAST_LOOK_MS);
    }
  }
}

/** What identifies a call: the chat, the question, the tool and its arguments, or the call itself when approved. */
export function effectKey({ chatId, turn, tool, input, answerId, toolCallId, approved }: EffectCall): string {
  const isNamed = approved && toolCallId !== undefined;
  const call = answerId === undefined ? [toolCallId] : [answerId, toolCallId];
  const which = isNamed ? ["call", ...call] : ["input", canonical(input)];
  return `effect_${createHash("sha256")
    .update(JSON.stringify([chatId, turn, tool, ...which]))
    .digest("hex")}`;
}

/** An approved call that was begun before answers were part of the key has the record of then. */
async function keyOf(db: Db, call: EffectCall): Promise<string> {
  const { answerId, ...rest } = call;
  if (!call.approved || answerId === undefined) return effectKey(call);
  const earlier = effectKey(rest);
  const doing = `Finding the record of "${call.tool}"`;
  const isKnown = () => db.effect.count({ where: { key: earlier, answerId: sanitise(answerId) } });
  return (await withRetry(isKnown, { doing })) > 0 ? earlier : effectKey(call);
}

/** The same text for the same arguments, in whatever order a model wrote their names. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(sanitise(value), (_, item: unknown) =>
      // `JSON.stringify` itself writes 1.0, 1e0 and -0 as what they are equal to.
      typeof item === "object" && item !== null && !Array.isArray(item)
        ? Object.fromEntries(Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1)))
        : item,
    ) ?? "null"
  );
}

type Claimed = Pick<Effect, "key" | "tool" | "state" | "error" | "failures" | "holder" | "startedAt"> & {
  input: unknown;
  output: unknown;
};

/**
 * The row as it stands, which is the attempt's own when it has to carry the effect out. One statement decides that, so
 * of many at the same time one gets it. Null: there is no such chat.
 */
async function claim(
  db: Db,
  attempt: Attempt,
  { afterFailure }: { afterFailure: boolean },
): Promise<Claimed | null> {
  const [claimed] = await claimEffect(db, attempt, { afterFailure });
  if (claimed) return claimed;
  const { key } = attempt;
  await endLease(db, key);
  return db.effect.findUnique({ where: { key, chat: { deletedAt: null } } });
}

async function carryOut<Output>(
  db: Db,
  attempt: Attempt,
  effect: Claimed,
  run: Run<Output>,
): Promise<Output> {
  const heartbeat = setInterval(() => {
    // A failed renewal is made up for by the next one, or the lease ends.
    renewLease(db, attempt).catch(() => {});
  }, attempt.leaseMs / 4);
  try {
    let output: Output;
    try {
      const result = await run(`${effect.key}_${effect.failures}`);
      if (result instanceof DidNotHappenError) throw result;
      output = (sanitise(result) ?? null) as Output;
    } catch (error) {
      const isKnown = error instanceof DidNotHappenError;
      const end: End = isKnown
        ? { state: "failed", error: messageOf(error) }
        : { state: "unknown", error: messageOf(error) };
      // An end that can't be recorded becomes unknown when the lease ends.
      await retrying(attempt, () => recordEnd(db, attempt, end)).catch(() => {});
      throw isKnown ? error : new UnknownOutcomeError(effect, { cause: error });
    }
    const isRecorded = await retrying(attempt, () => recordEnd(db, attempt, { state: "done", output })).catch(
      (cause: unknown) => {
        throw new UnknownOutcomeError(effect, { cause });
      },
    );
    if (!isRecorded) {
      console.warn(
        `${effect.key} of ${effect.tool} happened, but its row is missing or belongs to another attempt.`,
      );
    }
    return output;
  } finally {
    clearInterval(heartbeat);
  }
}

/**
 * Whatever was believed meanwhile: who carried the effect out knows best. False when another attempt has it now, or
 * the chat was removed for good.
 */
async function recordEnd(db: Db, attempt: Attempt, end: End): Promise<boolean> {
  return db.$transaction(async (tx) => {
    const [ended] = await endEffect(tx, attempt, end);
    if (ended?.answerId && ended.toolCallId && end.state !== "unknown") {
      // A stop of the answer may have marked the request as unknown. As a separate statement it sees that change.
      const { chatId, answerId: messageId, toolCallId } = ended;
      await tx.humanRequest.updateMany({
        where: { chatId, messageId, toolCallId, state: "unknown-outcome" },
        data: { state: "approved" },
      });
    }
    return ended !== undefined;
  });
}

function retrying<T>({ call }: Attempt, work: () => Promise<T>): Promise<T> {
  return withRetry(work, { doing: `Keeping the record of "${call.tool}"` });
}

function messageOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return sanitise(words.slice(0, MAX_ERROR_LENGTH));
}
