/** What people decided, as the parts of the message that asked. Rows in, parts and chunks out; nothing is read here. */
import type { UIMessageChunk } from "ai";
import type { EffectSummary } from "@/lib/chat/effects/outcomes";
import { marked, withoutForgedMark } from "@/lib/chat/effects/marks";
import { UnknownOutcomeError } from "@/lib/chat/effects/unknown-outcome";
import type { ChatMessage } from "@/lib/chat/message";
import {
  isUndecided,
  nestedRequestsOf,
  withoutNestedRequests,
  type ToolPart,
} from "@/lib/chat/requests/pending-calls";
import { toolParts } from "@/lib/chat/requests/save";
import type { HumanRequest } from "@/prisma/generated/client";

/** `now`: the calls run, or are refused, in the turn that follows. `past`: the conversation has gone on without them. */
export function withDecisions(
  message: ChatMessage,
  requests: HumanRequest[],
  when: "now" | "past",
  {
    effects = [],
    of = isUndecided,
    otherwise,
  }: { effects?: EffectSummary[]; of?: (part: ToolPart) => boolean; otherwise?: string } = {},
): ChatMessage {
  const own = requests.filter(({ messageId }) => messageId === message.id);
  const byCall = new Map(own.map((request) => [request.toolCallId, request]));
  const begun = new Map(
    effects.flatMap((effect) => (effect.answerId === message.id ? [[effect.toolCallId, effect]] : [])),
  );
  const open = new Set<unknown>(toolParts(message).filter(of));
  const parts = message.parts.map((part) => {
    if (!open.has(part)) return part;
    const call = part as ToolPart;
    const request = byCall.get(call.toolCallId);
    const effect = begun.get(call.toolCallId);
    return (
      effect ? carriedOut(call, request, effect) : decided(call, request, when, otherwise)
    ) as typeof part;
  });
  return { ...message, parts };
}

function decided(
  part: ToolPart,
  request: HumanRequest | undefined,
  when: "now" | "past",
  otherwise?: string,
): unknown {
  const { approval } = part;
  if (nestedRequestsOf(part).length > 0)
    return when === "now" ? part : withoutNestedRequests(part, "Its question was not answered.");
  if (!approval) return { ...part, state: "output-available", output: answerOf(request) };
  if (request?.state === "approved" && when === "now")
    return { ...part, state: "approval-responded", approval: { ...approval, approved: true } };
  return {
    ...part,
    state: when === "now" ? "approval-responded" : "output-denied",
    approval: { ...approval, approved: false, reason: whyNot(request, otherwise) },
  };
}

/** What an answer that was cut off could not say any more. */
function carriedOut(part: ToolPart, request: HumanRequest | undefined, effect: EffectSummary): unknown {
  const isEdited = request !== undefined && request.editedInput !== null;
  const result = withoutForgedMark(effect.output);
  const done = isEdited ? marked("edited", { approvedInput: effect.input, result }) : result;
  const output = effect.state === "done" ? done : new UnknownOutcomeError(effect).outcome;
  return {
    ...part,
    state: "output-available",
    output,
    ...(part.approval && { approval: { ...part.approval, approved: true } }),
  };
}

export function answerOf(request: HumanRequest | undefined): unknown {
  if (request?.state === "answered") return withoutForgedMark(request.output);
  if (request?.state === "expired")
    return marked("unanswered", { expired: true, note: "Nobody answered in time." });
  return marked("unanswered", { skipped: true, note: "The person did not answer this. Go on without it." });
}

function whyNot(
  request: HumanRequest | undefined,
  otherwise = "The person did not decide this and went on.",
): string {
  if (request?.state === "denied") return request.reason ?? "The person denied it.";
  if (request?.state === "expired") return "Nobody decided in time.";
  return request?.reason ?? otherwise;
}

/** How the page learns what became of a call that it still shows as waiting. */
export function toChunk(request: HumanRequest, message: ChatMessage): UIMessageChunk | undefined {
  const part = toolParts(message).find(({ toolCallId }) => toolCallId === request.toolCallId);
  if (!part || !isUndecided(part)) return undefined;
  const { approval } = part;
  if (!approval)
    return { type: "tool-output-available", toolCallId: part.toolCallId, output: answerOf(request) };
  if (request.state === "approved")
    return { type: "tool-approval-response", approvalId: approval.id, approved: true };
  return {
    type: "tool-approval-response",
    approvalId: approval.id,
    approved: false,
    reason: whyNot(request),
  };
}
