import type { LanguageModelUsage } from "ai";
import type { ChatMetadata } from "@/lib/chat/message";
import { costOf, priceOf } from "@/lib/chat/prices";

/** What an answer took, for its metadata: whatever the provider did not report is left out. */
export function usageOf(modelId: string, usage: LanguageModelUsage): ChatMetadata {
  const { inputTokens, outputTokens } = usage;
  const cachedInputTokens = usage.inputTokenDetails?.cacheReadTokens;
  return {
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
    cost: costOf(priceOf(modelId), { inputTokens, cachedInputTokens, outputTokens }),
    finishedAt: new Date().toISOString(),
  };
}
