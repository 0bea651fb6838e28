import type { LanguageModelUsage } from "ai";
import type { ChatMetadata } from "@/lib/chat/message";
import { costOf, priceOf } from "@/lib/chat/prices";

/**
 * What an answer took, for its metadata: whatever the provider did not report is left out. An answer that paused for a
 * person took what it had taken `before`, too.
 */
export function usageOf(modelId: string, usage: LanguageModelUsage, before: ChatMetadata = {}): ChatMetadata {
  const { inputTokens, outputTokens } = usage;
  const cachedInputTokens = usage.inputTokenDetails?.cacheReadTokens;
  const cost = costOf(priceOf(modelId), { inputTokens, cachedInputTokens, outputTokens });
  return {
    ...(inputTokens !== undefined && { inputTokens: inputTokens + (before.inputTokens ?? 0) }),
    ...(outputTokens !== undefined && { outputTokens: outputTokens + (before.outputTokens ?? 0) }),
    cost: cost === null || before.cost === null ? null : cost + (before.cost ?? 0),
    finishedAt: new Date().toISOString(),
  };
}
