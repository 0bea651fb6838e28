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
  return isWaiting(part) || part.state === "approval-responded" || nestedRequestOf(part)?.waits === true;
}

/** The id by which the request of this call is known: a sub-agent's question has its own. */
export function requestIdOf(part: ToolPart): string {
  return nestedRequestOf(part)?.toolCallId ?? part.toolCallId;
}

/** The name of a request. Providers repeat call ids, so a call id is unique only within its message. */
export type RequestName = { messageId: string; toolCallId: string };

/** The path of the page that shows a request. */
export function requestPath({ chatId, messageId, toolCallId }: RequestName & { chatId: string }): string {
  return `/chat/${chatId}?${new URLSearchParams({ request: toolCallId, in: messageId })}`;
}

/** A sub-agent's request, in the output of the tool that ran it. The output keeps it after the answer. */
export type NestedRequest = { toolCallId: string; tool: string; input: unknown };

/** The sub-agent's request in this call's output, and whether it is still pending. */
export function nestedRequestOf(part: ToolPart): (NestedRequest & { waits: boolean }) | undefined {
  const output: unknown = part.state === "output-available" && !part.preliminary ? part.output : undefined;
  if (markOf(output) !== "sub-agent") return undefined;
  const { asked, state } = output as { asked: NestedRequest; state: string };
  return { ...asked, waits: state === "waiting" };
}
