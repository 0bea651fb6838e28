/**
 * Some outputs of tools say something about the call itself: a sub-agent waits for a person, the arguments were edited,
 * nobody knows whether it happened. Only our own code may say so. It marks these outputs, and whatever a tool or a
 * provider returns loses a mark that is not ours, because a tool's output may hold anything. Light: the page reads it.
 */
const MARK = "$holdfast";

export type Mark = "sub-agent" | "edited" | "unknown-outcome" | "unanswered";

/** In this process. What is stored went through `withoutForgedMark` first. */
const ours = new WeakSet<object>();

/** The same output, marked as ours. */
export function marked<Output extends object>(mark: Mark, output: Output): Output {
  const result = { ...output, [MARK]: mark };
  ours.add(result);
  return result;
}

/** What the output says about its call. */
export function markOf(output: unknown): Mark | undefined {
  return typeof output === "object" && output !== null && MARK in output ? (output[MARK] as Mark) : undefined;
}

/** What came from elsewhere, without a mark; what this process has marked, as it is. */
export function withoutForgedMark<Output>(output: Output): Output {
  if (typeof output !== "object" || output === null || !(MARK in output) || ours.has(output)) return output;
  const { [MARK]: _, ...rest } = output;
  return rest as Output;
}
