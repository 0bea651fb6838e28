"use server";

import { after } from "next/server";
import { z } from "zod";
import { listPermissions, revokePermission, type Decision } from "@/lib/chat/decisions";
import {
  listChatRequests as queryChatRequests,
  listWaitingRequests as queryWaitingRequests,
  type RequestView,
} from "@/lib/chat/request-queries";
import { db } from "@/lib/db";
import { sweep } from "@/lib/sweep";
import { requireOwnChat, requireUser } from "./owner";
import { decisionSchema, MISSHAPEN, takeDecision, type DecisionResult } from "./take-decision";

const id = z.string().min(1).max(200);
const decisionArguments = z.object({
  chatId: id,
  messageId: id,
  toolCallId: id,
  decision: decisionSchema,
  via: z.enum(["card", "inbox"]),
});

/**
 * Takes a decision of the signed-in person, the first that comes. What they see in their browser counts for nothing
 * here: the request is read from the database, and an edit or an answer is checked by the tool's own schema.
 */
export async function decideRequest(given: {
  chatId: string;
  messageId: string;
  toolCallId: string;
  decision: Decision;
  via: "card" | "inbox";
}): Promise<DecisionResult> {
  const user = await requireUser();
  const parsed = decisionArguments.safeParse(given);
  if (!parsed.success) return { problem: MISSHAPEN };
  return takeDecision({ ...parsed.data, userId: user.id });
}

/** Everything that waits for the signed-in person, the oldest first. */
export async function listWaitingRequests(): Promise<RequestView[]> {
  const user = await requireUser();
  after(sweep);
  return queryWaitingRequests(db, user.id);
}

/** What was asked in a chat of theirs, the oldest first; of very much, the newest. */
export async function listChatRequests(chatId: string): Promise<RequestView[]> {
  await requireOwnChat(chatId);
  return queryChatRequests(db, chatId);
}

/** The tools that run without asking in a chat of theirs. */
export async function listAllowedTools(chatId: string): Promise<string[]> {
  await requireOwnChat(chatId);
  return listPermissions(db, chatId);
}

/** From the next call on, the tool asks again. */
export async function revokeAllowedTool(chatId: string, tool: string): Promise<void> {
  await requireOwnChat(chatId);
  await revokePermission(db, chatId, id.parse(tool));
}
