import { policyOf } from "@/lib/agent/approval-policy";
import type { ChatMessage } from "@/lib/chat/message";
import type { ToolPart } from "@/lib/chat/requests/pending-calls";
import { toolParts } from "@/lib/chat/requests/save";

/** The calls of a message that wait for a person: questions, forms and approvals. */
export function waitingCalls(message: ChatMessage): ToolPart[] {
  return toolParts(message).filter(({ state, type }) => {
    if (state === "approval-requested") return true;
    const kind = policyOf(type.slice("tool-".length))?.kind;
    return state === "input-available" && (kind === "question" || kind === "form");
  });
}
