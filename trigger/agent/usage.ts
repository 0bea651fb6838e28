import type { LanguageModelUsage } from "ai";
import type { ChatMetadata } from "@/lib/chat/message";
import { costOf, priceOf } from "@/lib/chat/prices";
import { turnState } from "./turn-state";

/** A sub-agent took this for the answer of this turn. */
export function noteDelegated(modelId: string, usage: LanguageModelUsage): void {
  const state = turnState();
  state.delegated = usageOf(modelId, usage, state.delegated);
}

/** `before`, and what sub-agents took since. */
export function withDelegated(before: ChatMetadata = {}): ChatMetadata {
  const { inputTokens = 0, outputTokens = 0, cost = 0 } = turnState().delegated;
  return {
    ...before,
    inputTokens: inputTokens + (before.inputTokens ?? 0),
    outputTokens: outputTokens + (before.outputTokens ?? 0),
    cost: cost === null || before.cost === null ? null : cost + (before.cost ?? 0),
  };
}

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
