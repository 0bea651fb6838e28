"use server";

import { after } from "next/server";
import { z } from "zod";
import {
  decideRequest as decide,
  listPermissions,
  RequestError,
  revokePermission,
  type Decision,
} from "@/lib/chat/decisions";
import { deliverDecisions, sweepRequests } from "@/lib/chat/deliver";
import { settleEffect } from "@/lib/chat/effects";
import {
  listChatRequests as queryChatRequests,
  listWaitingRequests as queryWaitingRequests,
  type RequestView,
} from "@/lib/chat/request-queries";
import { db } from "@/lib/db";
import { checkInput, checkOutput } from "@/trigger/tools/rules";
import { requireOwnChat, requireUser } from "./owner";

const id = z.string().min(1).max(200);
const decision = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("approve"),
    editedInput: z.unknown(),
    remember: z.boolean().optional(),
    phrase: z.string().optional(),
  }),
  z.object({ type: z.literal("deny"), reason: z.string().optional() }),
  z.object({ type: z.literal("answer"), output: z.unknown() }),
  z.object({ type: z.literal("skip") }),
]);
const decisionArguments = z.object({ chatId: id, toolCallId: id, decision, via: z.enum(["card", "inbox"]) });

/** A decision was taken, or why it was not: a sentence for the person. */
export type DecisionResult = { problem?: string; isComplete?: boolean };

/**
 * Takes a decision of the signed-in person, the first that comes. What they see in their browser counts for nothing
 * here: the request is read from the database, and an edit or an answer is checked by the tool's own schema.
 */
export async function decideRequest(given: {
  chatId: string;
  toolCallId: string;
  decision: Decision;
  via: "card" | "inbox";
}): Promise<DecisionResult> {
  const user = await requireUser();
  const parsed = decisionArguments.safeParse(given);
  if (!parsed.success)
    return { problem: "This decision has the wrong shape. Reload the page and decide again." };
  const { chatId, ...rest } = parsed.data;
  try {
    const { isComplete } = await decide(db, { ...rest, chatId, userId: user.id, checkInput, checkOutput });
    // The decision stands. When the engine cannot be reached now, the next look at what waits delivers it.
    if (isComplete) await deliverDecisions(db, { chatId }).catch(reportUndelivered);
    return { isComplete };
  } catch (error) {
    if (error instanceof RequestError) return { problem: error.message };
    throw error;
  }
}

/** Everything that waits for the signed-in person, the oldest first. */
export async function listWaitingRequests(): Promise<RequestView[]> {
  const user = await requireUser();
  after(() => sweepRequests(db).catch(reportUndelivered));
  return queryWaitingRequests(db, user.id);
}

/** Everything that was ever asked in a chat of theirs, the oldest first. */
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

/** What a person found out about an effect of which nobody knew whether it happened. The first word counts. */
export async function settleOutcome(
  chatId: string,
  effect: string,
  outcome: "happened" | "did-not-happen",
): Promise<"settled" | "already-known" | "not-found"> {
  const { userId } = await requireOwnChat(chatId);
  const known = z.enum(["happened", "did-not-happen"]).parse(outcome);
  return settleEffect(db, { chatId, key: id.parse(effect) }, { outcome: known }, userId);
}

function reportUndelivered(error: unknown): void {
  console.warn(
    "A decision is saved and could not be delivered yet:",
    error instanceof Error ? error.message : error,
  );
}
