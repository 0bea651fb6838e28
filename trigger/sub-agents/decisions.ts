/**
 * What people decided about the requests of a sub-agent. The rows belong to the message of the chat in which the card of
 * the sub-agent stands; the calls are in the sub-agent's own message.
 */
import { effectsOfCalls } from "@/lib/chat/effects/outcomes";
import type { ChatMessage } from "@/lib/chat/message";
import { isUndecided, type ToolPart } from "@/lib/chat/requests/pending-calls";
import { toolParts } from "@/lib/chat/requests/save";
import { messagesOf } from "@/lib/chat/sub-agents/sub-agents";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import type { HumanRequest } from "@/prisma/generated/client";
import { answerOf, toChunk, withDecisions } from "../agent/history/decided-parts";
import { turnState } from "../agent/turn-state";
import { requireSubAgent } from "./require-sub-agent";

/**
 * The conversation with everything decided that its last message asks. Undefined when there is nothing to continue with:
 * the same news may come twice.
 */
export async function takeDecisions(id: string): Promise<ChatMessage[] | undefined> {
  const subAgent = await requireSubAgent(id);
  const messages = messagesOf(subAgent);
  const last = messages.at(-1);
  const open = last ? toolParts(last).filter(isUndecided) : [];
  if (!last || open.length === 0) return undefined;
  const asked = await requestsOf(subAgent.chatId, open);
  if (asked.length === 0 || asked.some(({ state }) => state === "pending")) return undefined;
  const requests = asked.map((request) => ({ ...request, messageId: last.id }));
  const message = withDecisions(last, requests, "now");
  turnState().continued = {
    message,
    chunks: requests.flatMap((request) => toChunk(request, last) ?? []),
    edits: new Map(
      requests.flatMap(({ toolCallId, state, editedInput }) =>
        state === "approved" && editedInput !== null ? [[toolCallId, editedInput] as const] : [],
      ),
    ),
    answers: new Map(requests.map((request) => [request.toolCallId, answerOf(request)])),
  };
  return [...messages.slice(0, -1), message];
}

/** The id of the chat's message that asked for this sub-agent: what it does is recorded there. */
export async function askingMessage(chatId: string, continued: ChatMessage): Promise<string | undefined> {
  return (await requestsOf(chatId, toolParts(continued)))[0]?.messageId;
}

/** Before a new question: what was asked before it and not decided is passed over, and the model is told so. */
export async function withoutWaitingCalls(chatId: string, messages: ChatMessage[]): Promise<ChatMessage[]> {
  const open = messages.flatMap((message) => toolParts(message).filter(isUndecided));
  if (open.length === 0 || messages.at(-1)?.role !== "user") return messages;
  const requests = await requestsOf(chatId, open);
  const effects = await effectsOfCalls(db, { chatId, calls: requests });
  return messages.map((message) => {
    const here = { messageId: message.id, answerId: message.id };
    return withDecisions(
      message,
      requests.map((request) => ({ ...request, ...here })),
      "past",
      { effects: effects.map((effect) => ({ ...effect, ...here })) },
    );
  });
}

function requestsOf(chatId: string, calls: ToolPart[]): Promise<HumanRequest[]> {
  const toolCallId = { in: calls.map((call) => call.toolCallId) };
  return withRetry(
    () => db.humanRequest.findMany({ where: { chatId, toolCallId }, orderBy: { createdAt: "desc" } }),
    { doing: `Reading the requests of a sub-agent in chat ${chatId}` },
  );
}
