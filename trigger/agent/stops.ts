/**
 * The runtime hears a stop only while a turn is under way. One that was pressed earlier, while its run was being made,
 * booted, or replaced one that had died, stays on the session's input and is heeded here.
 */
import { apiClientManager } from "@trigger.dev/core/v3";
import { locals, logger } from "@trigger.dev/sdk";
import { db } from "@/lib/db/client";
import { summariseError } from "@/lib/agent/errors";
import { runState } from "./turn-state";

/** The runtime's own, one for each turn: the way in which a stop that it hears itself, or `chat.close()`, ends a turn. */
const stopController = locals.create<AbortController>("chat.stopController");

/** Aborted when the present turn is stopped. The runtime gives it to `run` only, and hooks have long work, too. */
export function stopSignal(): AbortSignal | undefined {
  return locals.get(stopController)?.signal;
}

type InputRecord = { seq: number; kind: string; trigger: string | undefined };

/**
 * Ends the present turn when a stop for it is on the input. Call it when the turn has begun: what comes from then on is
 * heard by the runtime. A stop is meant for the first question before it that no turn had answered; a turn that has
 * ended since has used it up.
 */
export async function heedEarlyStop(chatId: string): Promise<void> {
  const controller = locals.get(stopController);
  if (!controller || controller.signal.aborted) return;
  try {
    const stop = await unheededStop(chatId);
    if (stop === undefined) return;
    runState().heededStop = stop;
    controller.abort("stopped");
  } catch (error) {
    logger.warn("An early stop could not be looked for", { chatId, ...summariseError(error) });
  }
}

async function unheededStop(chatId: string): Promise<number | undefined> {
  const api = apiClientManager.client;
  if (!api) return undefined;
  const { answered, used } = await lastTurnEnd(chatId);
  const { records } = await api.readSessionStreamRecords(chatId, "in", after(answered));
  const input = records.map(toInput);
  const question = input.find(
    ({ seq, kind, trigger }) =>
      seq > answered && (kind === "handover" || (kind === "message" && trigger !== "close")),
  );
  // The question of a head start is on no input, so every stop there is meant for it.
  const asked = question?.kind === "handover" ? answered : (question?.seq ?? Infinity);
  const from = Math.max(asked, used, runState().heededStop);
  return input.findLast(({ seq, kind }) => kind === "stop" && seq > from)?.seq;
}

/** Up to where the input is answered, and up to where it was seen by a turn that has ended. */
async function lastTurnEnd(chatId: string): Promise<{ answered: number; used: number }> {
  const row = await db.chat.findUnique({ where: { id: chatId }, select: { lastOutEventId: true } });
  // The end itself is wanted too.
  const saved = Number(row?.lastOutEventId ?? 0) - 1;
  const { records } = await apiClientManager
    .clientOrThrow()
    .readSessionStreamRecords(chatId, "out", after(saved));
  const numberOf = (name: string) => {
    const values = records.flatMap(({ headers = [] }) =>
      headers.flatMap(([key, value]) => (key === name ? [Number(value)] : [])),
    );
    return values.at(-1) ?? -1;
  };
  const answered = numberOf("session-in-event-id");
  return { answered, used: Math.max(answered, numberOf("session-in-consumed-id")) };
}

function after(seq: number): { afterEventId?: string } {
  return seq >= 0 ? { afterEventId: String(seq) } : {};
}

function toInput({ data, seqNum }: { data: unknown; seqNum: number }): InputRecord {
  try {
    const { kind, payload } = JSON.parse(String(data)) as { kind?: unknown; payload?: { trigger?: string } };
    return { seq: seqNum, kind: String(kind), trigger: payload?.trigger };
  } catch {
    return { seq: seqNum, kind: "unknown", trigger: undefined };
  }
}
