/** Of its own, because pages need it without the gate of `message.ts` and the validation behind that. */
import type { UIMessage } from "ai";

/** The words of a message, without its files, tools and thoughts. */
export function messageText(message: Pick<UIMessage, "parts">): string {
  return message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}
