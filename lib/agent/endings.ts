import type { TextStreamPart, ToolSet } from "ai";
import type { AnswerEnding } from "@/lib/chat/message";

/**
 * How an answer ended, for its metadata, when it ended otherwise than a reader would think. One watch per answer; give
 * it every part of the stream. A step is one call of the model.
 */
export function watchEnding(maxSteps: number) {
  let steps = 0;
  let hasText = false;
  let hasThought = false;
  let calls = 0;
  let results = 0;

  return (part: TextStreamPart<ToolSet>): AnswerEnding | undefined => {
    if (part.type === "start-step") {
      steps += 1;
      hasText = hasThought = false;
      calls = results = 0;
    }
    if (part.type === "text-delta") hasText ||= part.text.trim() !== "";
    if (part.type === "reasoning-delta") hasThought ||= part.text.trim() !== "";
    if (part.type === "tool-call") calls += 1;
    if (part.type === "tool-result" && !part.preliminary) results += 1;
    if (part.type === "tool-error" || part.type === "tool-output-denied") results += 1;
    return part.type === "finish" ? endingOf(part.finishReason) : undefined;
  };

  function endingOf(reason: string): AnswerEnding | undefined {
    if (reason === "length" || reason === "content-filter") return reason;
    if (reason === "error") return undefined;
    // A call without a result waits for a person.
    if (calls > 0) return steps >= maxSteps && results >= calls ? "steps" : undefined;
    if (hasText) return undefined;
    return hasThought ? "only-thoughts" : "empty";
  }
}
