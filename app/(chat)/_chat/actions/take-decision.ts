import "server-only";
import { z } from "zod";
import {
  decideRequest,
  RequestError,
  type DecideOptions,
  type RequestErrorCode,
} from "@/lib/chat/requests/decide";
import { deliverDecisions } from "@/lib/chat/requests/deliver";
import { isNestedAtMost } from "@/lib/chat/nesting";
import { db } from "@/lib/db/client";
import { checkInput, checkOutput, mayDecide } from "@/lib/agent/approval-policy";

/** People's input is a few levels deep; thousands of levels would overflow the parser's stack. */
const MAX_DEPTH = 100;
const given = z.unknown().refine((value) => isNestedAtMost(value, MAX_DEPTH));

/** A decision as the browser sends it. */
export const decisionSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("approve"),
    editedInput: given.optional(),
    remember: z.boolean().optional(),
    phrase: z.string().optional(),
  }),
  z.object({ type: z.literal("deny"), reason: z.string().optional() }),
  z.object({ type: z.literal("answer"), output: given }),
  z.object({ type: z.literal("skip") }),
]);

export const MISSHAPEN = "This decision isn't valid. Reload the page and try again.";

/** The result of a decision: accepted, or a sentence that says why not. */
export type DecisionResult = { problem?: string; code?: RequestErrorCode; isComplete?: boolean };

/** Takes a decision, and wakes the agent if it was the last pending one of its message. */
export async function takeDecision(
  options: Omit<DecideOptions, "mayDecide" | "checkInput" | "checkOutput">,
): Promise<DecisionResult> {
  try {
    const { isComplete } = await decideRequest(db, { ...options, mayDecide, checkInput, checkOutput });
    // The decision is saved. If the engine can't be reached now, the next sweep of pending requests delivers it.
    if (isComplete) await deliverDecisions(db, { chatId: options.chatId }).catch(reportUndelivered);
    return { isComplete };
  } catch (error) {
    if (error instanceof RequestError) return { problem: error.message, code: error.code };
    throw error;
  }
}

function reportUndelivered(error: unknown): void {
  console.warn("A saved decision couldn't be delivered yet:", error instanceof Error ? error.message : error);
}
