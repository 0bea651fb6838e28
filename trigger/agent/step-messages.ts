import type { ModelMessage } from "ai";

type Step = { response: { messages: ModelMessage[] } };

/**
 * A step's input with all the steps before it. Once something was put into a running answer, SDK 4.8.3 keeps that input
 * and adds what came since, but counts as if every step repeated the ones before it, which AI SDK 7 does not: what the
 * later steps found would never reach the model, and it would look for it again and again.
 */
export function withEveryStep(messages: ModelMessage[], steps: readonly Step[]): ModelMessage[] {
  const known = new Set(messages.map(identity));
  const missing = steps
    .flatMap((step) => step.response.messages)
    .filter((message) => !known.has(identity(message)));
  return missing.length === 0 ? messages : [...messages, ...missing];
}

/** Tool messages may be put in another order on the way, so they are told by their calls. */
function identity({ role, content }: ModelMessage): string {
  const calls =
    typeof content === "string"
      ? []
      : content.flatMap((part) => ("toolCallId" in part ? [part.toolCallId] : [])).toSorted();
  return `${role} ${calls.length > 0 ? calls.join() : JSON.stringify(content)}`;
}
