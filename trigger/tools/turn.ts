/** The question that a tool works for. It identifies a side effect across all attempts to answer the question. */
import { isToolUIPart, type UIMessage } from "ai";
import { nestedRequestsOf } from "@/lib/chat/requests/pending-calls";
import { isSteering } from "@/lib/chat/steering-id";
import { turnState, type AnsweredQuestion } from "../agent/turn-state";

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
  const state = turnState();
  state.question = { ...run, turn: question.id };
  // A continued answer has asked before. Its sub-agents' questions are only in their outputs.
  const before = messages.at(-1)?.role === "assistant" ? messages.at(-1)!.parts : [];
  const inside = before.flatMap((part) =>
    isToolUIPart(part) ? nestedRequestsOf(part).map(({ toolCallId }) => toolCallId) : [],
  );
  state.requests = new Set(inside);
}

/** The calls by which this turn's answer has asked a person, sub-agents included. Add new ones to the set. */
export function askedThisTurn(): Set<string> {
  return turnState().requests;
}

/** The turn that this worker runs. A sub-agent shares it. */
export function currentTurn(): AnsweredQuestion {
  const { question: turn } = turnState();
  if (!turn) throw new Error("A tool with a side effect has to be called within a turn of a chat.");
  return turn;
}
