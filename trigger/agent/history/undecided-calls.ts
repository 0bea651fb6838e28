/** Calls that were waiting when the conversation continued without them, or when their answer was stopped. */
import { setTimeout as pause } from "node:timers/promises";
import { effectsOfCalls, type EffectSummary } from "@/lib/chat/effects/outcomes";
import type { ChatMessage } from "@/lib/chat/message";
import { skipRequests, stopRequests } from "@/lib/chat/requests/settle";
import {
  isUndecided,
  requestIdsOf,
  type RequestName,
  type ToolPart,
} from "@/lib/chat/requests/pending-calls";
import { toolParts } from "@/lib/chat/requests/save";
import { lockChatRow } from "@/lib/chat/tree/tree.sql";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { withDecisions } from "./decided-parts";

/**
 * A message that is sent while something waits goes before it: what the branch still asked is skipped, visibly, and
 * the model is told so. Returns the history as it now is, or undefined when nothing waited.
 */
export async function skipUndecided(
  chatId: string,
  messages: ChatMessage[],
): Promise<ChatMessage[] | undefined> {
  const waiting = messages.filter((message) => toolParts(message).some(isUndecided));
  if (waiting.length === 0) return undefined;
  const calls = callsIn(waiting, isUndecided);
  const { requests, effects } = await withRetry(
    () =>
      db.$transaction(async (tx) => {
        await lockChatRow(tx, chatId);
        return {
          requests: await skipRequests(tx, { chatId, messageIds: waiting.map(({ id }) => id) }),
          effects: await effectsOfCalls(tx, { chatId, calls }),
        };
      }),
    { doing: `Skipping what waits in chat ${chatId}` },
  );
  return messages.map((message) =>
    waiting.includes(message) ? withDecisions(message, requests, "past", { effects }) : message,
  );
}

/** How long an effect that was under way at a stop may still take to say how it ended. */
const END_WITHIN_MS = 2_500;
const STOPPED = "The answer was stopped before this was carried out.";
const LOOK_MS = 100;

/**
 * The answer was stopped: what was approved in it and had not begun is not carried out, and what had begun is there
 * with what the ledger knows of it. Returns the history as it now is, or undefined when nothing was approved.
 */
export async function stopApproved(
  chatId: string,
  messages: ChatMessage[],
): Promise<ChatMessage[] | undefined> {
  const isOpen = ({ state }: ToolPart) => state === "approval-responded";
  const stopped = messages.filter((message) => toolParts(message).some(isOpen));
  if (stopped.length === 0) return undefined;
  const calls = callsIn(stopped, isOpen);
  const doing = `Stopping what was approved in chat ${chatId}`;
  let effects: EffectSummary[] = [];
  for (const deadline = Date.now() + END_WITHIN_MS; ; await pause(LOOK_MS)) {
    effects = await withRetry(() => effectsOfCalls(db, { chatId, calls }), { doing });
    if (effects.every(({ state }) => state !== "started") || Date.now() > deadline) break;
  }
  const requests = await withRetry(
    () =>
      db.$transaction(async (tx) => {
        await lockChatRow(tx, chatId);
        return stopRequests(tx, { chatId, calls });
      }),
    { doing },
  );
  return messages.map((message) =>
    stopped.includes(message)
      ? withDecisions(message, requests, "past", { effects, of: isOpen, otherwise: STOPPED })
      : message,
  );
}

/** The names of the requests of some calls. */
function callsIn(messages: ChatMessage[], of: (part: ToolPart) => boolean): RequestName[] {
  return messages.flatMap((message) =>
    toolParts(message)
      .filter(of)
      .flatMap(requestIdsOf)
      .map((toolCallId) => ({ messageId: message.id, toolCallId })),
  );
}
