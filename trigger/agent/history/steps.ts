/**
 * The agent's history is the branch that the database shows (`lib/chat/tree/context.ts`). This file names every step
 * that makes it anything else, and every step that changes what the runtime would save. Each stands here because the
 * runtime cannot know what it knows.
 */
import { randomUUID } from "node:crypto";
import { locals, logger } from "@trigger.dev/sdk";
import {
  chat,
  type ActionTurn,
  type LoadContextEvent,
  type RecoveryBootEvent,
  type RecoveryBootResult,
  type TranscriptChange,
  type TranscriptChangeset,
  type TranscriptStorage,
} from "@trigger.dev/sdk/ai";
import type { UIMessage } from "ai";
import { describeCall } from "@/lib/agent/approval-policy";
import { InvalidMessageError, parseUserMessage, type ChatMessage } from "@/lib/chat/message";
import type { AgentAction, BranchAction } from "@/lib/chat/tree/branch-actions";
import { readContext } from "@/lib/chat/tree/context";
import { applyBranchAction } from "@/lib/chat/tree/move-branch";
import { readBranch } from "@/lib/chat/tree/queries";
import { prismaStorage } from "@/lib/chat/tree/storage";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { resumeDelegate } from "../../tools/delegate";
import { isPartial, withoutAbandonedPartials } from "./abandoned-partials";
import { resumeSubAgents, takeDecisions } from "./continuation";
import { ChatError, describeError, summariseError } from "@/lib/agent/errors";
import { forgetHandover, takeHandover } from "../head-start";
import { keepSavedLane } from "./saved-lane";
import { stopSignal } from "../stops";
import { beginTurnState, endTurnState, runState, turnState } from "../turn-state";
import { skipUndecided, stopApproved } from "./undecided-calls";

const saved = prismaStorage(db, { describe: describeCall, failure: () => turnState().failure });

/** The storage of the agent: the transcript in the database, with the steps of this file around it. */
export const storage: TranscriptStorage = {
  load: (scope, options) => saved.load(scope, options),
  loadContext: <M extends UIMessage>({ chatId }: { chatId: string }, event: LoadContextEvent<unknown, M>) =>
    loadContext(chatId, event as LoadContextEvent<unknown, ChatMessage>) as Promise<UIMessage[]> as Promise<
      M[]
    >,
  async save(context, given) {
    const changeset = [keepingLane, keepingPartials, untilAnswered, asFailed].reduce(
      (changes, step) => step(changes),
      given,
    );
    const saving = saved.save(context, changeset);
    if (changeset.reason === "turn-start") turnState().questionSaved = saving;
    const ends = changeset.reason === "turn-complete" || changeset.reason === "turn-error";
    if (!ends) return saving;
    const { handedOver } = turnState();
    return saving.then(() => handedOver && forgetHandover(context.chatId)).finally(endTurnState);
  },
};

// ── What a turn begins with ──

/** The runtime's own record of the conversation, by which it tells what was steered into which answer. */
const shownToRuntime = locals.create<UIMessage[]>("chat.currentUIMessages");

async function loadContext(
  chatId: string,
  event: LoadContextEvent<unknown, ChatMessage>,
): Promise<ChatMessage[]> {
  const isRegenerate = event.trigger === "regenerate-message";
  try {
    if (isRegenerate) await regenerateLast(chatId);
    const { messages, state } = await readContext(db, chatId, event);
    const history = await asAsked(chatId, messages);
    const handedOver = await takeHandover(chatId, history);
    beginTurnState({ hasContext: true, savedState: state, isAsked: isRegenerate, handedOver });
    // Otherwise what was steered into an answer of the branch before is left out of this one.
    locals.set(shownToRuntime, history);
    return history;
  } catch (error) {
    if (error instanceof InvalidMessageError) throw error;
    const { failure } = beginTurnState({ failure: describeError(error) });
    throw new ChatError(failure!, { cause: error });
  }
}

/** Without what died workers left, and with everything skipped that waits before a new question. */
async function asAsked(chatId: string, messages: ChatMessage[]): Promise<ChatMessage[]> {
  const whole = withoutAbandonedPartials(messages);
  const isAsking = whole.at(-1)?.role === "user";
  return (isAsking ? await skipUndecided(chatId, whole) : undefined) ?? whole;
}

/** The SDK's own way to ask for another answer does what the action does: pages of an earlier release know no other. */
async function regenerateLast(chatId: string): Promise<void> {
  const nodeId = (await readBranch(db, chatId, { limit: 1 }))?.messages.at(-1)?.id;
  if (nodeId === undefined) throw new ChatError("There is nothing to answer yet. Write a message first.");
  await apply(chatId, { type: "regenerate", actionId: randomUUID(), nodeId });
}

// ── Actions: the history follows where they move the head ──

/** Returns a turn when the action asks for an answer. Throws a `ChatError`, whose words reach the reader. */
export async function carryOut(chatId: string, action: AgentAction): Promise<ActionTurn | void> {
  try {
    const history =
      action.type === "decided" ? await takeDecisions(chatId, action.messageId) : await ask(chatId, action);
    if (!history) return;
    turnState().isAsked = true;
    chat.history.set(history);
    return chat.turn();
  } catch (error) {
    throw new ChatError(describeError(error), { cause: error });
  }
}

async function ask(chatId: string, action: BranchAction): Promise<ChatMessage[] | undefined> {
  // A run that took over a broken answer finds the action that asked for it on the stream once more.
  if (action.actionId === runState().takenOverAction) return undefined;
  if (action.type === "edit")
    parseUserMessage({ id: action.newId, role: "user", parts: [{ type: "text", text: action.text }] });
  const { question, asks } = await apply(chatId, action);
  if (!asks) return undefined;
  const messages = (await readBranch(db, chatId))?.messages ?? [];
  return asAsked(chatId, question ? [...messages, question] : messages);
}

function apply(chatId: string, action: BranchAction) {
  return withRetry(() => db.$transaction((tx) => applyBranchAction(tx, chatId, action)), {
    doing: `Moving in chat ${chatId}`,
  });
}

/** Sub-agents work on before the model does: what they return is part of what it continues. */
export async function continueSubAgents(chatId: string): Promise<void> {
  const { continued } = turnState();
  if (!continued) return;
  const message = await resumeSubAgents(continued, (waiting, toolCallId) =>
    resumeDelegate(waiting, { chatId, toolCallId, signal: stopSignal() }),
  );
  chat.history.set([...chat.history.all().slice(0, -1), message]);
}

// ── A run that takes over ──

/**
 * Every question that has no whole answer is asked again, the interrupted one first, and the page drops the partial
 * text. (With several waiting, the SDK's default would settle for the partial answer, and repeat the question that the
 * turn's start had already saved.) Only when the engine gave its question up, the answer stays as far as it got.
 */
export async function takeOver(
  event: RecoveryBootEvent<ChatMessage>,
): Promise<RecoveryBootResult<ChatMessage>> {
  const { chatId, settledMessages, inFlightUsers, partialAssistant, writer } = event;
  const row = await withRetry(
    () => db.chat.findUnique({ where: { id: chatId }, select: { actionId: true } }),
    { doing: `Reading chat ${chatId}` },
  );
  Object.assign(runState(), { isRecovering: true, takenOverAction: row?.actionId ?? null });
  writer.write({
    type: "data-run-recovered",
    data: { partialId: partialAssistant?.id ?? null },
    transient: true,
  });
  const all = withoutAbandonedPartials(
    partialAssistant ? [...settledMessages, partialAssistant] : settledMessages,
  );
  const settled = all.filter((message) => message !== partialAssistant);
  const last = settled.at(-1);
  // A regenerated answer has no question of its own on the input stream.
  const unanswered = inFlightUsers.length === 0 && last?.role === "user" ? [last] : inFlightUsers;
  const isGivenUp = last?.role === "user" && unanswered.every(({ id }) => id !== last.id);
  return { chain: isGivenUp ? all : settled, recoveredTurns: unanswered };
}

// ── What a turn ends with ──

export type EndedTurn = {
  chatId: string;
  error?: unknown;
  stopped: boolean;
  /** The history as the runtime would keep it: with what came in, just as it came. */
  uiMessages: ChatMessage[];
  /** What this turn brought: what came in, and what was written of the answer. */
  newUIMessages: ChatMessage[];
  responseMessage: ChatMessage | undefined;
};

/** To the runtime whatever came in is part of the conversation, and what was approved is still to be carried out. */
export async function endHistory(turn: EndedTurn): Promise<void> {
  const { chatId, uiMessages } = turn;
  if (turn.error) return chat.history.set(await afterFailure(turn));
  if (!turn.stopped) return;
  // What cannot be told now is told by the ledger when the conversation continues.
  const history = await stopApproved(chatId, uiMessages).catch((cause: unknown) => {
    logger.warn("What was approved could not be stopped", { chatId, ...summariseError(cause) });
  });
  if (history) chat.history.set(history);
}

/**
 * The history after a turn that failed, wherever that was. A question stays, so that it can be asked again; what the
 * gate refused, or never saw, does not. A turn that failed before its context was read has only what this run
 * remembers, and the head may have moved since: then the branch is read here.
 */
async function afterFailure(turn: EndedTurn): Promise<ChatMessage[]> {
  const { chatId, error, uiMessages, newUIMessages, responseMessage } = turn;
  const cameIn = new Set(newUIMessages.filter(({ id }) => id !== responseMessage?.id));
  const accepted = (message: ChatMessage) => {
    if (message.role !== "user" || error instanceof InvalidMessageError) return [];
    return orNothing(() => parseUserMessage(message));
  };
  if (turnState().hasContext)
    return uiMessages.flatMap((message) => (cameIn.has(message) ? accepted(message) : [message]));
  const previousMessages = uiMessages.filter((message) => !cameIn.has(message));
  const { messages } = await readContext(db, chatId, {
    trigger: "action",
    incomingMessages: [],
    previousMessages,
  });
  const known = new Set(messages.map(({ id }) => id));
  return [...messages, ...[...cameIn].flatMap(accepted).filter(({ id }) => !known.has(id))];
}

function orNothing<T>(make: () => T): T[] {
  try {
    return [make()];
  } catch {
    return [];
  }
}

// ── What is saved otherwise than the runtime says ──

/** `loadContext` made the runtime forget what stands in its state, and it would be erased. */
function keepingLane(changeset: TranscriptChangeset): TranscriptChangeset {
  const { hasContext, savedState } = turnState();
  const changes = changeset.changes.flatMap((change): TranscriptChange[] => {
    if (change.op !== "state") return [change];
    return hasContext ? [{ ...change, value: keepSavedLane(savedState, change.value) }] : [];
  });
  return { ...changeset, changes };
}

/** What a run finds of a broken answer is a message like any other to the runtime. It is saved as not finished. */
function keepingPartials(changeset: TranscriptChangeset): TranscriptChangeset {
  if (changeset.reason !== "turn-start") return changeset;
  const changes = changeset.changes.map((change) =>
    change.op === "put" && isPartial(change.message as ChatMessage) ? { ...change, final: false } : change,
  );
  return { ...changeset, changes };
}

/**
 * To the runtime an action is done when its edit is saved, and its cursor moves behind it. A worker that died before
 * the first word of the answer would leave the question unanswered, so until the answer is there the action counts as
 * unread and the chat as running.
 */
function untilAnswered(changeset: TranscriptChangeset): TranscriptChangeset {
  const { reason, cursors } = changeset;
  if (!turnState().isAsked || (reason !== "action" && reason !== "turn-start")) return changeset;
  return { ...changeset, reason: "turn-start", cursors: { lastOutEventId: cursors?.lastOutEventId } };
}

/**
 * To the runtime a model's stream that ends in an error is a turn like any other, so a broken answer would be saved as
 * a whole one. What the reader saw fail is saved as failed.
 */
function asFailed(changeset: TranscriptChangeset): TranscriptChangeset {
  if (changeset.reason !== "turn-complete" || !turnState().isBroken) return changeset;
  const changes = changeset.changes.map((change) =>
    change.op === "put" && change.message.role === "assistant" ? { ...change, final: false } : change,
  );
  return { ...changeset, changes, reason: "turn-error" };
}
