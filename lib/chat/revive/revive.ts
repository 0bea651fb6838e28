/**
 * Makes sure that every question is answered or shown as failed, even if workers die. Trigger.dev does not continue a
 * dead run, so pending answers are checked: by a page when it loads and when its stream is silent, and by the sweep. A
 * check saves what the stream holds and no run has saved, replaces a dead run, and ends a question that kills every run.
 *
 * Many servers and pages can do all of this at once, and repeat it.
 */
import { sessions } from "@trigger.dev/sdk";
import type { TranscriptChange } from "@trigger.dev/sdk/ai";
import { claimAttachments } from "@/lib/attachments/attachments";
import { failuresOf } from "@/lib/db/batches";
import type { Db } from "@/lib/db/client";
import type { Chat, HeadStart } from "@/prisma/generated/client";
import { findNode } from "../tree/branch";
import { agentAction, BranchError } from "../tree/branch-actions";
import { applyBranchAction } from "../tree/move-branch";
import { InvalidMessageError, parseUserMessage, type ChatMessage } from "../message";
import { readStored, readUnversioned, type StoredMessage } from "../message-versions";
import { currentRun } from "./current-run";
import { readInput, readOutput, readSettledOutput, type InRecord } from "./session-records";
import { cancelCheck, claimDueChats, countDeadRun, scheduleCheck } from "./revive.sql";
import { saveUnlessChanged } from "../tree/storage";
import type { ReviveOptions } from "./revive-options";
import { tendHeadStart } from "./tend-head-start";
import { answerId, answerOf, failureOf, injectedInto, turnsOf, type StreamTurn } from "./stream-turns";

/**
 * `settled`: nothing is awaited, and the transcript is complete. `queued`: a run waits for a worker. `running`: a
 * run is alive. `revived`: a dead one was just replaced, here or by somebody else.
 */
export type AnswerProgress = "settled" | "queued" | "running" | "revived";

/** After this many deaths of its runs, a question fails. */
const MAX_DEATHS = 3;
/** Also limits the runs that died before they began with the question. */
const MAX_STARTS = 10;
const CHECK_EVERY_MS = 10_000;
const CHECK_SOON_MS = 4_000;
/** A run saves its turn within this time after ending it. */
const SAVED_WITHIN_MS = 4_000;
/** A new chat may not have a message yet. */
const YOUNG_MS = 15 * 60_000;
const CHECK_YOUNG_EVERY_MS = 60_000;
const SWEPT_AT_ONCE = 50;

const GIVEN_UP = "The agent crashed several times while answering this message.";
const OUT_OF_MEMORY =
  "The agent ran out of memory while answering this message, also on a larger machine. Your message is kept. Ask for less at once.";

type AwaitingChat = Pick<
  Chat,
  | "id"
  | "userId"
  | "headId"
  | "status"
  | "lastOutEventId"
  | "lastInEventId"
  | "runId"
  | "nextOrder"
  | "lookAt"
  | "createdAt"
> & { revival: { begunBy: string | null } | null; headStart: HeadStart | null };

/** Checks one chat, and does what is needed for its question to be answered or shown as failed. */
export async function revive(db: Db, chatId: string, options: ReviveOptions): Promise<AnswerProgress> {
  const chat = await findChat(db, chatId);
  if (!chat) return "settled";
  const tended = await tendHeadStart(db, chat, options);
  if (tended) {
    await scheduleCheck(db, chatId, tended === "settled" ? CHECK_SOON_MS : CHECK_EVERY_MS);
    return tended;
  }
  const found = await saveFromStream(db, chat, options);
  if (found === "settled") return "settled";
  await scheduleCheck(db, chatId, found === "ending" ? CHECK_SOON_MS : CHECK_EVERY_MS);
  if (found === "ending") return "running";
  const run = await currentRun(chatId);
  if (run?.isAlive) return run.isQueued ? "queued" : "running";

  const [first] = found;
  const [tries] = await countDeadRun(db, {
    chatId,
    question: first ? `in ${first.seq}` : `out ${chat.lastOutEventId ?? "begin"}`,
    runId: run?.id ?? null,
    // A run that ended normally, or never began with the question, did not die of it.
    hasBegun: run !== undefined && run.hasCrashed && [chat.runId, chat.revival?.begunBy].includes(run.id),
    wasInterrupted: run?.wasInterrupted ?? false,
  });
  if (!tries) return "revived";
  const isOutOfMemory = (run?.ranOutOfMemory ?? false) && tries.deaths > 0;
  if (isOutOfMemory || tries.deaths >= MAX_DEATHS || tries.starts > MAX_STARTS) {
    await giveUp(chatId, first, isOutOfMemory ? OUT_OF_MEMORY : GIVEN_UP);
    await saveFromStream(db, chat, { ...options, isGivenUp: true });
    if (found.length > 1) await scheduleCheck(db, chatId, CHECK_SOON_MS);
    return "settled";
  }
  await options.startSession({ chatId, userId: chat.userId });
  await scheduleCheck(db, chatId, CHECK_SOON_MS);
  return "revived";
}

/** Notes that the run has begun with the question: if it dies from now on, the question may be the cause. */
export async function noteBeginning(db: Db, chatId: string, runId: string): Promise<void> {
  await db.revival.updateMany({ where: { chatId }, data: { begunBy: runId } });
}

/** Has the sweep check the chat from now on: a question was asked, or is about to be. */
export async function expectAnswer(db: Db, chatId: string): Promise<void> {
  await scheduleCheck(db, chatId, CHECK_EVERY_MS);
}

/** Checks every chat whose check is due. Resolves with the failures, which are tried again. */
export async function reviveAll(db: Db, options: ReviveOptions): Promise<unknown[]> {
  const due = await claimDueChats(db, CHECK_EVERY_MS, SWEPT_AT_ONCE);
  return failuresOf(due, ({ id }) => revive(db, id, options));
}

function findChat(db: Db, id: string): Promise<AwaitingChat | null> {
  return db.chat.findFirst({
    where: { id, deletedAt: null },
    select: {
      id: true,
      userId: true,
      headId: true,
      status: true,
      lastOutEventId: true,
      lastInEventId: true,
      runId: true,
      nextOrder: true,
      lookAt: true,
      createdAt: true,
      revival: { select: { begunBy: true } },
      headStart: true,
    },
  });
}

// ── What the stream holds and the database does not ──

/**
 * Saves what no run has saved. Resolves with what still wants an answer, oldest first: nothing, when an answer was
 * broken off that no input asked for. `ending`: the run that wrote the end may be about to save it.
 */
async function saveFromStream(
  db: Db,
  chat: AwaitingChat,
  { describe, isGivenUp = false }: ReviveOptions & { isGivenUp?: boolean },
): Promise<InRecord[] | "settled" | "ending"> {
  const [output, input] = await Promise.all([
    readSettledOutput(chat.id, chat.lastOutEventId),
    readInput(chat.id, chat.lastInEventId),
  ]);
  const turns = output ? turnsOf(output.records) : [];
  const saved = Number(chat.lastInEventId ?? -1);
  const end = turns.findLast((turn) => turn.end && !Number.isNaN(turn.end.answered))?.end;
  const { answered, consumed } = end ?? { answered: saved, consumed: saved };
  const waiting = input.filter(({ seq }) => seq === answered + 1 || seq > consumed);
  // The run that continues with it saves the earlier turns, too.
  if (waiting.length > 0 && !isGivenUp) return waiting;
  const last = turns.at(-1);
  if (last?.end) {
    const isJustOver = last.outcome !== "failed" && Date.now() - output!.endedAt < SAVED_WITHIN_MS;
    if (isJustOver) return "ending";
    const edited = last.outcome === "failed" ? await branchOff(db, chat, input, answered) : undefined;
    const changes = [...(await changesOf(db, chat, turns, input)), ...(edited?.changes ?? [])];
    if (changes.length === 0 && chat.status !== "running") {
      // For example a refused action, which isn't a turn of the conversation.
      await stopChecking(db, chat);
      return "settled";
    }
    await saveUnlessChanged(
      db,
      chat.id,
      pickSeen(edited?.chat ?? chat),
      {
        reason: last.outcome === "failed" ? "turn-error" : "turn-complete",
        changes,
        failure: failureOf(last),
        cursors: { lastOutEventId: String(last.end.seq), lastInEventId: String(answered) },
      },
      describe && { describe },
    );
    return "settled";
  }
  if (chat.status !== "running") {
    await stopChecking(db, chat);
    return "settled";
  }
  const isBrokenOff = !output && turnsOf(await readOutput(chat.id, chat.lastOutEventId)).length > 0;
  if (isBrokenOff) return [];
  // The engine has neither the question nor a run for it, so its data was lost.
  await saveUnlessChanged(db, chat.id, pickSeen(chat), { reason: "turn-error", changes: [] });
  return "settled";
}

async function changesOf(
  db: Db,
  chat: AwaitingChat,
  turns: StreamTurn[],
  input: InRecord[],
): Promise<TranscriptChange[]> {
  const injected = injectedInto(turns);
  const questions = input.flatMap((record) => toQuestion(record) ?? []);
  const ids = [
    ...questions.map(({ message }) => message.id),
    ...turns.flatMap((turn) => answerId(turn) ?? []),
  ];
  const rows = await db.message.findMany({ where: { chatId: chat.id, messageId: { in: ids } } });
  const known = new Map(
    rows.map((row) => [row.messageId, readStored(row.message as unknown as StoredMessage)]),
  );
  const changes: TranscriptChange[] = [];
  let before = -1;
  for (const turn of turns) {
    const answered = turn.end?.answered ?? before;
    for (const { seq, message } of questions) {
      if (seq <= before || seq > answered || known.has(message.id) || injected.has(message.id)) continue;
      const own = await claimAttachments(db, chat, message).catch(() => undefined);
      if (own) changes.push({ op: "put", message: own });
    }
    before = Math.max(before, answered || -1);
    const answer = await answerOf(turn, known.get(answerId(turn) ?? ""));
    if (answer)
      changes.push({ op: "put", message: readUnversioned(answer), final: turn.outcome === "whole" });
  }
  return changes;
}

/** Saves an edited question that no run handled beside the old one, as the agent would have. */
async function branchOff(
  db: Db,
  chat: AwaitingChat,
  input: InRecord[],
  answered: number,
): Promise<{ chat: AwaitingChat; changes: TranscriptChange[] } | undefined> {
  const record = input.findLast(({ seq, trigger }) => seq <= answered && trigger === "action");
  const action = agentAction.safeParse(record?.action).data;
  if (action?.type !== "edit" || (await findNode(db, chat.id, action.newId))) return undefined;
  try {
    parseUserMessage({ id: action.newId, role: "user", parts: [{ type: "text", text: action.text }] });
    const { question } = await db.$transaction((tx) => applyBranchAction(tx, chat.id, action));
    const moved = await findChat(db, chat.id);
    return question && moved ? { chat: moved, changes: [{ op: "put", message: question }] } : undefined;
  } catch (error) {
    if (error instanceof BranchError || error instanceof InvalidMessageError) return undefined;
    throw error;
  }
}

/** Undefined for an input that isn't a valid question of a person. */
function toQuestion({ seq, trigger, message }: InRecord): { seq: number; message: ChatMessage } | undefined {
  if (trigger !== "submit-message") return undefined;
  try {
    return { seq, message: parseUserMessage(message) };
  } catch {
    return undefined;
  }
}

/** Ends the turn for every reader of the stream, as our engine would. The next check saves it as failed. */
async function giveUp(chatId: string, first: InRecord | undefined, errorText: string): Promise<void> {
  const { out } = sessions.open(chatId);
  await out.append({ type: "error", errorText });
  const seq = String(first?.seq);
  await out.writeControl(
    "turn-complete",
    first && [
      ["session-in-event-id", seq],
      ["session-in-consumed-id", seq],
    ],
  );
}

// ── When to look again ──

function pickSeen({ headId, status, lastOutEventId, lastInEventId }: AwaitingChat) {
  return { headId, status, lastOutEventId, lastInEventId };
}

async function stopChecking(db: Db, { id, lookAt, nextOrder, createdAt }: AwaitingChat): Promise<void> {
  if (nextOrder === 0 && Date.now() - createdAt.getTime() < YOUNG_MS)
    await scheduleCheck(db, id, CHECK_YOUNG_EVERY_MS);
  else if (lookAt !== null) await cancelCheck(db, id);
}
