/** What an answer says about itself: its model, what it used, how long it took, and how it ended. */
import type { TextStreamPart, ToolSet } from "ai";
import type { ChatMetadata } from "@/lib/chat/message";
import { MAX_STEPS } from "@/lib/chat/max-steps";
import { watchDurations } from "./durations";
import { watchEnding } from "./endings";
import { turnState } from "./turn-state";
import { usageOf, withDelegated } from "./usage";

/** For one answer: gives the metadata that each part of its stream adds. */
export function answerMetadata(modelId: string) {
  const durations = watchDurations();
  const ending = watchEnding(MAX_STEPS);
  return ({ part }: { part: TextStreamPart<ToolSet> }): ChatMetadata | undefined => {
    if (part.type === "start") return { model: modelId };
    const ended = ending(part);
    if (part.type !== "finish") return durations(part);
    const before = turnState().continued?.message.metadata;
    return {
      ...usageOf(modelId, part.totalUsage, withDelegated(before)),
      ...((ended ?? before?.ending) && { ending: ended ?? null }),
    };
  };
}
