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
 * Takes the signed-in person's decision; the first one counts. Nothing from the browser is trusted: the request is read
 * from the database, and the tool's own schema validates an edit or an answer.
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

/** Makes the tool ask again from its next call. */
export async function revokeAllowedTool(chatId: string, tool: string): Promise<void> {
  await requireOwnChat(chatId);
  const parsed = idInAddress.safeParse(tool);
  // A tool with another name was never allowed.
  if (parsed.success) await revokePermission(db, chatId, parsed.data);
}
