/**
 * Marks on tool outputs that say something about the call itself: a sub-agent is waiting, the arguments were edited, the
 * outcome is unknown. Only this app sets marks; a mark in the output of a tool or provider is removed, because that output
 * can hold anything. Small, because the browser loads it, too.
 */
const MARK = "$holdfast";

export type Mark = "sub-agent" | "edited" | "unknown-outcome" | "unanswered";

/** Marked by this process. Stored outputs went through `withoutForgedMark` first. */
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

/** Removes a mark that this process did not set. */
export function withoutForgedMark<Output>(output: Output): Output {
  if (typeof output !== "object" || output === null || !(MARK in output) || ours.has(output)) return output;
  const { [MARK]: _, ...rest } = output;
  return rest as Output;
}
