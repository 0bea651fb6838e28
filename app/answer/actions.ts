"use server";

import { z } from "zod";
import { readAnswerToken } from "@/lib/chat/answer-link";
import type { Decision } from "@/lib/chat/decisions";
import { findRequest, type RequestView } from "@/lib/chat/request-queries";
import { db } from "@/lib/db";
import { decisionSchema, MISSHAPEN, takeDecision } from "../chat/take-decision";
import { withoutChat } from "./linked-request";

const arguments_ = z.object({ token: z.string().max(2_000), decision: decisionSchema });

/** A sentence for the person when the decision was not taken, and the request as it is now. */
export type AnswerResult = { problem?: string; request?: RequestView };

/**
 * Takes the decision of whoever holds a one-time link, in the name of the chat's owner. The link is for one call: it
 * cannot allow the tool for the whole chat.
 */
export async function answerByLink(given: { token: string; decision: Decision }): Promise<AnswerResult> {
  const parsed = arguments_.safeParse(given);
  if (!parsed.success) return { problem: MISSHAPEN };
  const linked = readAnswerToken(parsed.data.token);
  const chat =
    linked &&
    (await db.chat.findFirst({ where: { id: linked.chatId, deletedAt: null }, select: { userId: true } }));
  if (!linked || !chat) return { problem: "This link leads nowhere any more. Nothing was changed." };
  if (linked.expiresAt <= new Date())
    return { problem: "This link has expired. Sign in and decide it in the chat." };
  const { chatId, toolCallId } = linked;
  const { decision } = parsed.data;
  const { problem } = await takeDecision({
    chatId,
    toolCallId,
    userId: chat.userId,
    decision: decision.type === "approve" ? { ...decision, remember: false } : decision,
    via: "link",
  });
  const request = await findRequest(db, { chatId, toolCallId });
  return { ...(problem !== undefined && { problem }), ...(request && { request: withoutChat(request) }) };
}
