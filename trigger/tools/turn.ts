/** Which question a tool works for: what tells one side effect from another over all attempts at the answer. */
import { locals } from "@trigger.dev/sdk";
import { isToolUIPart, type UIMessage } from "ai";
import { nestedRequestOf } from "@/lib/chat/requests/pending-calls";
import { isSteering } from "@/lib/chat/steering";

export type Turn = {
  chatId: string;
  /** The id of the user message that is being answered. */
  turn: string;
  /** The id of the answer. */
  answerId: string;
  runId: string;
};

const current = locals.create<Turn>("holdfast.turn");
/** The ids of the calls by which this answer asks somebody something. */
const requests = locals.create<Set<string>>("holdfast.asked");

/**
 * Called once per turn, before the model is. What was steered into an answer belongs to the question it was steered
 * into, also when the answer broke off and the steering message comes to have a turn of its own.
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
  // An answer that goes on has asked before; what its sub-agents asked is nowhere but in what they returned.
  const before = messages.at(-1)?.role === "assistant" ? messages.at(-1)!.parts : [];
  const inside = before.flatMap((part) =>
    isToolUIPart(part) ? (nestedRequestOf(part)?.toolCallId ?? []) : [],
  );
  locals.set(requests, new Set(inside));
}

/** What the answer of this turn has asked of people so far, its sub-agents' questions too. Add to it what it asks. */
export function askedThisTurn(): Set<string> {
  return locals.get(requests) ?? new Set();
}

/** The turn that this worker is in. A sub-agent in the same run is in it, too. */
export function currentTurn(): Turn {
  const turn = locals.get(current);
  if (!turn) throw new Error("A tool with a side effect has to be called within a turn of a chat.");
  return turn;
}
