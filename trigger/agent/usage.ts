import type { LanguageModelUsage } from "ai";
import { usageOf } from "@/lib/agent/usage";
import type { ChatMetadata } from "@/lib/chat/message";
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
