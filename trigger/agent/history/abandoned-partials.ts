/**
 * Partial answers left behind by crashed workers. A successor writes the answer anew, under another id, and both stand
 * on the stream; to the runtime all but the last are messages like any other. A whole answer says when it was finished.
 */
import type { ChatMessage } from "@/lib/chat/message";

/** Without every answer that was broken off and begun again. */
export function withoutAbandonedPartials(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.filter(
    (message, index) => !(isPartial(message) && messages[index + 1]?.role === "assistant"),
  );
}

export function isPartial({ role, metadata }: ChatMessage): boolean {
  return role === "assistant" && metadata?.finishedAt === undefined;
}
