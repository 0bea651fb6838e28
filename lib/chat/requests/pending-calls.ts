/** The pending calls of a message, and the ids of their requests. Small, because the browser loads it, too. */
import type { DynamicToolUIPart, ToolUIPart } from "ai";
import { markOf } from "../effects/marks";

export type ToolPart = ToolUIPart | DynamicToolUIPart;

/** A call that a person has to answer or approve. */
export function isWaiting({ state }: ToolPart): boolean {
  return state === "input-available" || state === "approval-requested";
}

/** A call without an outcome yet: it is not decided, or the decision was not acted on. */
export function isUndecided(part: ToolPart): boolean {
  return (
    isWaiting(part) ||
    part.state === "approval-responded" ||
    nestedRequestsOf(part).some(({ waits }) => waits)
  );
}

/** The ids by which the requests of this call are known: those of a sub-agent have their own. */
export function requestIdsOf(part: ToolPart): string[] {
  const inside = nestedRequestsOf(part);
  return inside.length > 0 ? inside.map(({ toolCallId }) => toolCallId) : [part.toolCallId];
}

/** The name of a request. Providers repeat call ids, so a call id is unique only within its message. */
export type RequestName = { messageId: string; toolCallId: string };

/** The path of the page that shows a request. */
export function requestPath({ chatId, messageId, toolCallId }: RequestName & { chatId: string }): string {
  return `/chat/${chatId}?${new URLSearchParams({ request: toolCallId, in: messageId })}`;
}

/** A sub-agent's request, in the output of the tool that delegated to it. The output keeps it after the decision. */
type NestedRequest = { toolCallId: string; tool: string; input: unknown };
export type PendingNestedRequest = NestedRequest & { waits: boolean };

/** The sub-agent's requests in this call's output, and whether they are still pending. */
export function nestedRequestsOf(part: ToolPart): PendingNestedRequest[] {
  const output: unknown = part.state === "output-available" && !part.preliminary ? part.output : undefined;
  if (markOf(output) !== "sub-agent") return [];
  return (output as { requests?: PendingNestedRequest[] }).requests ?? [];
}

/** The call whose sub-agent will not continue, because its requests were passed over. */
export function withoutNestedRequests(part: ToolPart, why: string): unknown {
  const output = part.output as object;
  const requests = nestedRequestsOf(part).map((request) => ({ ...request, waits: false }));
  return { ...part, output: { ...output, requests, state: "failed", result: why } };
}
