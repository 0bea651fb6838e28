"use server";

import { z } from "zod";
import type { Decision } from "@/lib/chat/requests/decide";
import { findRequest, type RequestView } from "@/lib/chat/requests/views";
import { db } from "@/lib/db/client";
import { decisionSchema, MISSHAPEN, takeDecision } from "@/app/(chat)/_chat/actions/take-decision";
import { readLink, withoutChat, type Closed } from "./linked-request";

const arguments_ = z.object({ token: z.string().max(2_000), decision: decisionSchema });

/**
 * The request with a sentence for the person while it is pending; otherwise only why it is closed, because the link's
 * holder may not be the one who decided.
 */
export type AnswerResult = { problem?: string; request?: RequestView; closed?: Closed };

/**
 * Takes the decision of a one-time link's holder, on behalf of the chat's owner. The link is for one call: it can't
 * allow the tool for the whole chat.
 */
export async function answerByLink(given: { token: string; decision: Decision }): Promise<AnswerResult> {
  const parsed = arguments_.safeParse(given);
  if (!parsed.success) return { problem: MISSHAPEN };
  const { token, decision } = parsed.data;
  const linked = await readLink(token);
  if (linked.state !== "open") return { closed: linked.state };
  const { chatId, messageId, toolCallId } = linked.request;
  const chat = await db.chat.findUnique({ where: { id: chatId }, select: { userId: true } });
  if (!chat) return { closed: "not-found" };
  const { problem } = await takeDecision({
    chatId,
    messageId,
    toolCallId,
    userId: chat.userId,
    decision: decision.type === "approve" ? { ...decision, remember: false } : decision,
    via: "link",
  });
  if (problem !== undefined) {
    const now = await readLink(token);
    return now.state === "open" ? { problem, request: now.request } : { closed: now.state };
  }
  const request = await findRequest(db, { chatId, messageId, toolCallId });
  return request ? { request: withoutChat(request) } : {};
}
