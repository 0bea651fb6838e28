import type { LanguageModelUsage } from "ai";
import type { ChatMetadata } from "@/lib/chat/message";
import { costOf, priceOf } from "@/lib/chat/prices";

/**
 * What an answer took, for its metadata: whatever the provider did not report is left out. `before` is what the same
 * answer took already, when it goes on after a person was asked: it is one message, and its metadata are of all of it.
 */
export function usageOf(modelId: string, usage: LanguageModelUsage, before?: ChatMetadata): ChatMetadata {
  const cachedInputTokens = usage.inputTokenDetails?.cacheReadTokens;
  const inputTokens = sum(before?.inputTokens, usage.inputTokens);
  const outputTokens = sum(before?.outputTokens, usage.outputTokens);
  const cost = costOf(priceOf(modelId), { ...usage, cachedInputTokens });
  return {
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
    // One half without a price leaves the whole without one.
    cost: before === undefined || cost === null ? cost : (sumKnown(before.cost, cost) ?? null),
    finishedAt: new Date().toISOString(),
  };
}

function sum(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined ? now : before + (now ?? 0);
}

function sumKnown(before: number | null | undefined, now: number): number | undefined {
  return typeof before === "number" ? before + now : undefined;
}
