/** What an answer says about itself: its model, what it used, how long it took, and how it ended. */
import type { TextStreamPart, ToolSet } from "ai";
import type { ChatMetadata } from "@/lib/chat/message";
import { MAX_STEPS } from "@/lib/chat/max-steps";
import { watchDurations } from "./durations";
import { watchEnding } from "./endings";
import { usageOf } from "./usage";

/**
 * For one answer: gives the metadata that each part of its stream adds. `before` is what an answer that continues, and
 * its sub-agents, have used already.
 */
export function answerMetadata(modelId: string, before: () => ChatMetadata | undefined = () => undefined) {
  const durations = watchDurations();
  const ending = watchEnding(MAX_STEPS);
  return ({ part }: { part: TextStreamPart<ToolSet> }): ChatMetadata | undefined => {
    if (part.type === "start") return { model: modelId };
    const ended = ending(part);
    if (part.type !== "finish") return durations(part);
    const earlier = before();
    return {
      ...usageOf(modelId, part.totalUsage, earlier),
      ...((ended ?? earlier?.ending) && { ending: ended ?? null }),
    };
  };
}
