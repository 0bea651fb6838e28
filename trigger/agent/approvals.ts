/** Whether a call may run, has to wait for a person, or is refused: decided on the server at every call. */
import type { ModelMessage, ToolApprovalStatus } from "ai";
import { withRetry } from "@/lib/db/retry";
import { db } from "@/lib/db/client";
import { env } from "@/lib/env";
import { MAX_REQUESTS_PER_TURN, policyOf, TOO_MANY_REQUESTS } from "@/lib/agent/approval-policy";
import { askedThisTurn } from "../tools/turn";

type Call = { toolCallId: string; toolName: string; input: unknown };

/** For one answer, which has begun: it counts what the answer asks. Give it to `streamText` as `toolApproval`. */
export function approvals(chatId: string) {
  const asked = askedThisTurn();

  return async ({
    toolCall,
    messages,
  }: {
    toolCall: Call;
    messages: ModelMessage[];
  }): Promise<ToolApprovalStatus> => {
    const { toolCallId, toolName, input } = toolCall;
    const policy = policyOf(toolName);
    if (!policy) return "not-applicable";
    const earlier = callsSinceQuestion(messages);
    // It was asked before, and is looked at again because somebody has approved it.
    if (earlier.has(toolCallId)) return "user-approval";
    const isQuestion = policy.kind === "question" || policy.kind === "form";
    if (!isQuestion && policy.kind === "approval") {
      const { needed } = policy;
      if (needed === "never" || (typeof needed === "function" && !needed(input))) return "not-applicable";
      const reason = await standingApproval(chatId, toolName, needed === "once");
      if (reason) return { type: "approved", reason };
    }
    for (const id of earlier) asked.add(id);
    asked.add(toolCallId);
    if (asked.size > MAX_REQUESTS_PER_TURN) return { type: "denied", reason: TOO_MANY_REQUESTS };
    return isQuestion ? "not-applicable" : "user-approval";
  };
}

/** The ids of this turn's calls that asked somebody. */
function callsSinceQuestion(messages: ModelMessage[]): Set<string> {
  const question = messages.findLastIndex(({ role }) => role === "user");
  return new Set(
    messages
      .slice(question + 1)
      .flatMap(({ role, content }) =>
        role === "assistant" && typeof content !== "string"
          ? content.flatMap((part) =>
              part.type === "tool-call" && policyOf(part.toolName) ? [part.toolCallId] : [],
            )
          : [],
      ),
  );
}

async function standingApproval(chatId: string, tool: string, once: boolean): Promise<string | undefined> {
  const [permission, approved] = await withRetry(
    () =>
      Promise.all([
        db.toolPermission.findUnique({ where: { chatId_tool: { chatId, tool } }, select: { tool: true } }),
        once
          ? db.humanRequest.findFirst({ where: { chatId, tool, state: "approved" }, select: { tool: true } })
          : null,
      ]),
    { doing: `Reading what is allowed in chat ${chatId}` },
  );
  if (permission) return "Always allowed in this chat.";
  return approved ? "Approved once in this chat." : undefined;
}

/**
 * Signs what is proposed, so that nothing else can be approved in its name. Without a secret of its own it is the
 * engine's; whoever changes that key while approvals wait sets `APPROVAL_SECRET` to the old one.
 */
export function approvalSecret(): string | undefined {
  return env.APPROVAL_SECRET ?? env.TRIGGER_SECRET_KEY;
}
