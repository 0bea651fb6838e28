import type { TextStreamPart, ToolSet } from "ai";

/** By tool call id or reasoning id, in milliseconds; null when an id was used twice and belongs to neither. */
export type Durations = Record<string, number | null>;

/**
 * How long each tool call and each thought of one answer took, as metadata for its message, so that a reload, another
 * device and next year show the same numbers. One watch per answer; give it every part of the stream.
 */
export function watchDurations(now: () => number = () => performance.now()) {
  const begun = new Map<string, number>();
  const ended = new Set<string>();

  return (part: TextStreamPart<ToolSet>): { durations: Durations } | undefined => {
    if (part.type === "reasoning-start") begun.set(part.id, now());
    if (part.type === "tool-call") begun.set(part.toolCallId, now());
    if (part.type === "reasoning-end") return end(part.id);
    if (part.type === "tool-result" && !part.preliminary) return end(part.toolCallId);
    if (part.type === "tool-error") return end(part.toolCallId);
    return undefined;
  };

  function end(id: string) {
    const from = begun.get(id);
    // The call of an approved tool stands in an earlier stream: what is not known is not guessed.
    if (from === undefined) return undefined;
    begun.delete(id);
    // Some providers number their thoughts anew in each step.
    const ms = ended.has(id) ? null : Math.round(now() - from);
    ended.add(id);
    return { durations: { [id]: ms } };
  }
}
