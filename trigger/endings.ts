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
    switch (part.type) {
      case "start-step":
        steps += 1;
        hasText = hasThought = false;
        calls = results = 0;
        return undefined;
      case "text-delta":
        hasText ||= part.text.trim() !== "";
        return undefined;
      case "reasoning-delta":
        hasThought ||= part.text.trim() !== "";
        return undefined;
      case "tool-call":
        calls += 1;
        return undefined;
      case "tool-result":
        if (!part.preliminary) results += 1;
        return undefined;
      case "tool-error":
      case "tool-output-denied":
        results += 1;
        return undefined;
      case "finish":
        return endingOf(part.finishReason);
      default:
        return undefined;
    }
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
