import type { ChatMetadata } from "@/lib/chat/message";
import { turnState } from "./turn-state";

/** A sub-agent took this for the answer of this turn. */
export function noteDelegated({ inputTokens, outputTokens, cost }: Required<Usage>): void {
  const state = turnState();
  const { delegated } = state;
  state.delegated = {
    inputTokens: inputTokens + (delegated.inputTokens ?? 0),
    outputTokens: outputTokens + (delegated.outputTokens ?? 0),
    cost: cost === null || delegated.cost === null ? null : cost + (delegated.cost ?? 0),
  };
}

type Usage = Pick<ChatMetadata, "inputTokens" | "outputTokens" | "cost">;

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
