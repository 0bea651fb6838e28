/** The question that a tool works for. It identifies a side effect across all attempts to answer the question. */
import { locals } from "@trigger.dev/sdk";
import { isToolUIPart, type UIMessage } from "ai";
import { nestedRequestOf } from "@/lib/chat/requests/pending-calls";
import { isSteering } from "@/lib/chat/steering-id";

export type Turn = {
  chatId: string;
  /** The id of the user message that is being answered. */
  turn: string;
  /** The id of the answer. */
  answerId: string;
  runId: string;
};

const current = locals.create<Turn>("holdfast.turn");
/** The ids of the calls in this answer that ask a person. */
const requests = locals.create<Set<string>>("holdfast.asked");

/**
 * Called once per turn, before the model. A steering message belongs to the question whose answer it steered, even when
 * that answer failed and the steering message gets a turn of its own.
 */
export function beginTurn({
  messages,
  ...run
}: {
  chatId: string;
  answerId: string;
  runId: string;
  messages: UIMessage[];
}): void {
  const asked = messages.filter(({ role }) => role === "user");
  const question = asked.findLast((message) => !isSteering(message)) ?? asked.at(-1);
  if (!question) throw new Error(`Chat ${run.chatId} has no question to answer.`);
  locals.set(current, { ...run, turn: question.id });
  // A continued answer has asked before. Its sub-agents' questions are only in their outputs.
  const before = messages.at(-1)?.role === "assistant" ? messages.at(-1)!.parts : [];
  const inside = before.flatMap((part) =>
    isToolUIPart(part) ? (nestedRequestOf(part)?.toolCallId ?? []) : [],
  );
  locals.set(requests, new Set(inside));
}

/** The calls by which this turn's answer has asked a person, sub-agents included. Add new ones to the set. */
export function askedThisTurn(): Set<string> {
  return locals.get(requests) ?? new Set();
}

/** The turn that this worker runs. A sub-agent shares it. */
export function currentTurn(): Turn {
  const turn = locals.get(current);
  if (!turn) throw new Error("A tool with a side effect has to be called within a turn of a chat.");
  return turn;
}
