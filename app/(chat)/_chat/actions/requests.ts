"use server";

import { z } from "zod";
import type { Decision } from "@/lib/chat/requests/decide";
import { revokePermission } from "@/lib/chat/requests/permissions";
import { db } from "@/lib/db/client";
import { idInAddress } from "../reads/answer-read";
import { requireOwnChat, requireUser } from "./owner";
import { decisionSchema, MISSHAPEN, takeDecision, type DecisionResult } from "./take-decision";

const decisionArguments = z.object({
  chatId: idInAddress,
  messageId: idInAddress,
  toolCallId: idInAddress,
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

/** From the next call on, the tool asks again. */
export async function revokeAllowedTool(chatId: string, tool: string): Promise<void> {
  await requireOwnChat(chatId);
  const parsed = idInAddress.safeParse(tool);
  // A tool of another name was never allowed.
  if (parsed.success) await revokePermission(db, chatId, parsed.data);
}
