/** Which calls of a message ask somebody, and by which id. Light, because the page reads it, too. */
import type { DynamicToolUIPart, ToolUIPart } from "ai";
import { markOf } from "../effects/marks";

export type ToolPart = ToolUIPart | DynamicToolUIPart;

/** A call that a person has to answer or to approve. */
export function isWaiting({ state }: ToolPart): boolean {
  return state === "input-available" || state === "approval-requested";
}

/** A call that has no outcome yet: nobody decided it, or nothing was done about the decision. */
export function isUndecided(part: ToolPart): boolean {
  return isWaiting(part) || part.state === "approval-responded" || nestedRequestOf(part)?.waits === true;
}

/** The id by which the request of this call is known: a sub-agent's question has its own. */
export function requestIdOf(part: ToolPart): string {
  return nestedRequestOf(part)?.toolCallId ?? part.toolCallId;
}

/** What names a request: providers repeat the ids of calls, so a call is one only within its message. */
export type RequestName = { messageId: string; toolCallId: string };

/** Where a request stands in its chat. */
export function requestPath({ chatId, messageId, toolCallId }: RequestName & { chatId: string }): string {
  return `/chat/${chatId}?${new URLSearchParams({ request: toolCallId, in: messageId })}`;
}

/** What a sub-agent asked, in the output of the tool that ran it. The output keeps it when the question is answered. */
export type NestedRequest = { toolCallId: string; tool: string; input: unknown };

/** The question of a sub-agent in this call's output, and whether it still waits there. */
export function nestedRequestOf(part: ToolPart): (NestedRequest & { waits: boolean }) | undefined {
  const output: unknown = part.state === "output-available" && !part.preliminary ? part.output : undefined;
  if (markOf(output) !== "sub-agent") return undefined;
  const { asked, state } = output as { asked: NestedRequest; state: string };
  return { ...asked, waits: state === "waiting" };
}
