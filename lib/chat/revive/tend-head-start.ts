/**
 * What becomes of a head start (lib/chat/head-start) whose server died, or whose worker never comes. The question is
 * saved already, so it is asked in the usual way; an answer that is whole is saved without the worker.
 */
import { sessions } from "@trigger.dev/sdk";
import { endHeadStart, firstStepOf, type FirstStep } from "@/lib/chat/head-start/head-starts";
import type { Db } from "@/lib/db/client";
import type { Chat, HeadStart } from "@/prisma/generated/client";
import type { ChatMessage } from "../message";
import { readBranch } from "../tree/queries";
import { saveUnlessChanged, type Seen } from "../tree/storage";
import { currentRun } from "./current-run";
import type { ReviveOptions } from "./revive-options";
import { appendInput, type OutRecord, readInputKinds, readOutput } from "./session-records";
import { answerOf, failureOf, turnsOf } from "./stream-turns";

type AwaitingChat = Pick<Chat, "id" | "userId"> & Seen & { headStart: HeadStart | null };

/** Undefined: no head start is under way, and the chat is checked like any other. */
export async function tendHeadStart(
  db: Db,
  chat: AwaitingChat,
  options: ReviveOptions,
): Promise<"settled" | "queued" | "running" | "revived" | undefined> {
  const { headStart } = chat;
  if (!headStart) return undefined;
  const { aliveUntil } = headStart;
  if (aliveUntil && aliveUntil.getTime() > Date.now()) return "running";
  const question = (await readBranch(db, chat.id, { limit: 1 }))?.messages.at(-1);
  // The answer is saved, or the question never was: the browser got an error and still has it.
  if (chat.status !== "running" || question?.id !== headStart.questionId) {
    await endHeadStart(db, chat.id);
    return undefined;
  }
  const step = firstStepOf(headStart);
  if (step && !aliveUntil) {
    const run = await currentRun(chat.id);
    if (run?.isAlive && !run.isQueued) return "running";
    if (!step.hasCalls) return endWithStep(db, chat, step);
    if (run?.isAlive) return "queued";
  }
  const input = await readInputKinds(chat.id);
  if (input.some(({ kind }) => kind === "stop")) {
    await endAsWritten(db, chat);
    return "settled";
  }
  await askAgain(db, chat, question, options);
  return "revived";
}

/** Ends a turn that no worker will end, and saves what the stream holds of its answer: it was stopped, or it failed. */
export async function endAsWritten(db: Db, chat: Pick<AwaitingChat, "id"> & Seen): Promise<void> {
  const stop = (await readInputKinds(chat.id)).find(({ kind }) => kind === "stop");
  await endTurn(chat.id, stop);
  const turn = turnsOf(await readOutput(chat.id, chat.lastOutEventId)).findLast(({ end }) => end);
  const answer = turn && (await answerOf(turn, undefined));
  await saveEnd(db, chat, {
    reason: turn?.outcome === "failed" ? "turn-error" : "turn-complete",
    changes: answer ? [{ op: "put", message: answer, final: false }] : [],
    failure: turn && failureOf(turn),
  });
  await endHeadStart(db, chat.id);
}

/** The step is the whole answer, and no worker has come for it: ends the turn as the worker would. */
async function endWithStep(db: Db, chat: AwaitingChat, { message, metadata }: FirstStep): Promise<"settled"> {
  const whole = { ...message, metadata: { ...message.metadata, ...metadata } };
  const written = await readOutput(chat.id, chat.lastOutEventId);
  if (!written.some(({ turnEnd }) => turnEnd)) {
    const { out } = sessions.open(chat.id);
    await out.append({ type: "finish", messageMetadata: whole.metadata });
    await endTurn(chat.id);
  }
  await saveEnd(db, chat, {
    reason: "turn-complete",
    changes: [{ op: "put", message: whole, final: true }],
  });
  await endHeadStart(db, chat.id);
  return "settled";
}

/** The run that waits for the first step leaves, and the next one finds the question on its input. */
async function askAgain(
  db: Db,
  chat: AwaitingChat,
  question: ChatMessage,
  { startSession }: ReviveOptions,
): Promise<void> {
  const { id: chatId, userId } = chat;
  await startSession({ chatId, userId });
  await appendInput(chatId, { kind: "handover-skip" }, `skip-${question.id}`);
  const payload = { chatId, trigger: "submit-message", message: question };
  // The part id that the browser gives this message, so it is stored once whoever sends it.
  await appendInput(chatId, { kind: "message", payload }, `message-${question.id}`);
  await endHeadStart(db, chatId);
}

/**
 * Ends the turn for everybody who reads the stream. It says which input it answers only for a page that has stopped it
 * and skips everything up to there: a worker that comes late would take the signal that it waits for as read.
 */
async function endTurn(chatId: string, stop?: { seq: number }): Promise<void> {
  const seq = String(stop?.seq);
  await sessions.open(chatId).out.writeControl(
    "turn-complete",
    stop && [
      ["session-in-event-id", seq],
      ["session-in-consumed-id", seq],
    ],
  );
}

/** Saves how a turn ended that no run will save. */
async function saveEnd(
  db: Db,
  chat: Pick<AwaitingChat, "id"> & Seen,
  changes: Omit<Parameters<typeof saveUnlessChanged>[3], "cursors">,
): Promise<boolean> {
  const { headId, status, lastOutEventId, lastInEventId } = chat;
  const end = (await readOutput(chat.id, lastOutEventId)).findLast(({ turnEnd }) => turnEnd);
  return saveUnlessChanged(
    db,
    chat.id,
    { headId, status, lastOutEventId, lastInEventId },
    { ...changes, ...(end && { cursors: cursorsOf(end) }) },
  );
}

function cursorsOf({ seq, turnEnd }: OutRecord): { lastOutEventId: string; lastInEventId?: string } {
  const answered = turnEnd?.answered ?? Number.NaN;
  return { lastOutEventId: String(seq), ...(answered >= 0 && { lastInEventId: String(answered) }) };
}
