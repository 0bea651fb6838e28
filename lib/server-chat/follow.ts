/**
 * Follows a chat's answers to the end of a turn, across workers that die. What ends it is a record of the stream, or, when
 * the stream stays silent, what the server finds out about the answer.
 */
import { setTimeout as pause } from "node:timers/promises";
import { SSEStreamSubscription } from "@trigger.dev/core/v3";
import { triggerApi } from "@/lib/trigger-api";
import type { UIMessageChunk } from "ai";
import type { AnswerProgress } from "@/lib/chat/revive/revive";
import { readOutput, toOutput, type OutRecord } from "@/lib/chat/revive/session-records";

export type Followed =
  | { type: "chunk"; seq: number; chunk: UIMessageChunk }
  /** Its turn is over, and another one comes. */
  | { type: "turn" }
  /** Nothing was written for a while. */
  | { type: "silence" }
  /** The turn is over. Without `seq` the stream did not say so: what is saved is all there is. */
  | { type: "end"; seq: number | undefined };

export type FollowOptions = {
  chatId: string;
  /** The record of the stream to begin after; null for its beginning. */
  after: string | null;
  /** The input record whose answer ends it; null for the turn that is being written. */
  input: number | null;
  /** An input record that is answered before: its answer is passed over. */
  previous?: number | undefined;
  signal: AbortSignal;
  /** Checks on the answer, and continues it if its worker died. */
  lookAfter: (chatId: string) => Promise<AnswerProgress>;
  /** Called at least every two seconds. Throws to end it. */
  guard: () => Promise<void>;
};

const GUARD_EVERY_MS = 2_000;
const SILENCE_MS = 10_000;

export async function* followTurn(options: FollowOptions): AsyncGenerator<Followed> {
  const { chatId, input, signal, lookAfter, guard } = options;
  let { previous } = options;
  let after = options.after;
  let guardedAt = Date.now();
  let heardAt = Date.now();
  for (;;) {
    for await (const record of untilGone(readLive(chatId, after, signal))) {
      if (Date.now() - guardedAt >= GUARD_EVERY_MS) {
        guardedAt = Date.now();
        await guard();
      }
      if (record === "tick" || record === "gone") {
        if (record === "tick" && Date.now() - heardAt < SILENCE_MS) continue;
        heardAt = Date.now();
        yield { type: "silence" };
        const progress = await lookAfter(chatId).catch(() => undefined);
        if (progress === "settled") {
          // What was written meanwhile is on the stream; only a stream that is gone has no end.
          const rest = await readOutput(chatId, after).catch(() => []);
          if (!rest.some(({ turnEnd }) => turnEnd)) return yield { type: "end", seq: undefined };
        }
        continue;
      }
      heardAt = Date.now();
      const { seq, chunk, turnEnd } = record;
      after = String(seq);
      if (chunk && previous === undefined) yield { type: "chunk", seq, chunk };
      if (!turnEnd) continue;
      const isShown = previous === undefined;
      if (previous !== undefined) {
        if (!(turnEnd.answered < previous)) previous = undefined;
        // Unless the answer before took it up, its own comes next.
        if (input === null || turnEnd.answered < input) continue;
      }
      // A turn that failed early may not say what it answers.
      if (input === null || !(turnEnd.answered < input)) return yield { type: "end", seq };
      if (isShown) yield { type: "turn" };
    }
    if (signal.aborted) return;
  }
}

/** A session that the engine does not know, because its data is gone, has no records until it is started again. */
async function* untilGone<T>(records: AsyncGenerator<T>): AsyncGenerator<T | "gone"> {
  try {
    yield* records;
  } catch (error) {
    if ((error as { status?: unknown }).status !== 404) throw error;
    yield "gone";
    await pause(GUARD_EVERY_MS);
  }
}

/** The records after a cursor as they are written, and a tick whenever nothing was for a moment. */
async function* readLive(
  chatId: string,
  after: string | null,
  signal: AbortSignal,
): AsyncGenerator<OutRecord | "tick"> {
  const { baseURL, headers } = triggerApi();
  const stream = await new SSEStreamSubscription(
    `${baseURL}/realtime/v1/sessions/${encodeURIComponent(chatId)}/out`,
    {
      headers,
      signal,
      timeoutInSeconds: 120,
      ...(after !== null && { lastEventId: after }),
    },
  ).subscribe();
  const reader = stream.getReader();
  try {
    const read = () => {
      const reading = reader.read();
      // It may fail while the caller is busy with the record before it.
      reading.catch(() => {});
      return reading;
    };
    let reading = read();
    for (;;) {
      const next = await orTick(reading);
      if (next === "tick") {
        yield next;
        continue;
      }
      if (next.done) return;
      reading = read();
      const { id, chunk, headers } = next.value;
      yield* toOutput(Number(id), chunk, headers as [string, string][] | undefined);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function orTick<T>(reading: Promise<T>): Promise<T | "tick"> {
  let timer: NodeJS.Timeout | undefined;
  const tick = new Promise<"tick">((resolve) => {
    timer = setTimeout(resolve, GUARD_EVERY_MS, "tick");
  });
  try {
    return await Promise.race([reading, tick]);
  } finally {
    clearTimeout(timer);
  }
}
