/** The tools that change something outside of the chat. Each goes through `runOnce`, whatever else it does. */
import { tool, type ToolExecutionOptions } from "ai";
import { runOnce, type DidNotHappenError, type EffectPolicy } from "@/lib/chat/effects/ledger";
import {
  UnknownOutcomeError,
  unknownOutcomeOf,
  type UnknownOutcome,
} from "@/lib/chat/effects/unknown-outcome";
import { db } from "@/lib/db/client";
import { backOffice } from "../demo/back-office";
import { toolSchemas } from "@/lib/agent/tool-schemas";
import { currentTurn } from "./turn";

export const effectTools = {
  refund: tool({
    ...toolSchemas.refund,
    execute: effect("refund", async (input) => {
      const { id } = await backOffice.refund(input);
      return { ...input, refundId: id };
    }),
    toModelOutput,
  }),
  deleteRecords: tool({
    ...toolSchemas.deleteRecords,
    execute: effect("deleteRecords", async (input) => {
      const { id } = await backOffice.delete(input);
      return { ...input, deletionId: id };
    }),
    toModelOutput,
  }),
  sendEmail: tool({
    ...toolSchemas.sendEmail,
    // The mail server recognizes the idempotency key, so an email with an unknown outcome can be sent again.
    execute: effect(
      "sendEmail",
      async ({ to, subject, body }, idempotencyKey) => {
        const { id } = await backOffice.send({ to, subject, body }, idempotencyKey);
        return { to, subject, messageId: id };
      },
      { safeToRepeat: true },
    ),
    toModelOutput,
  }),
};

/**
 * An `execute` whose effect happens once per question and arguments, or once per approved call. `run` throws or returns
 * a `DidNotHappenError` when it knows that nothing happened. After any other error the outcome is unknown, and the
 * output says so: the model gets a failure, and the page can ask the person.
 */
function effect<Name extends keyof typeof toolSchemas, Output>(
  name: Name,
  run: (input: InputOf<Name>, idempotencyKey: string) => Promise<Output | DidNotHappenError>,
  policy: Pick<EffectPolicy, "safeToRepeat"> = {},
) {
  return async (
    input: InputOf<Name>,
    options: ToolExecutionOptions<unknown>,
  ): Promise<Output | UnknownOutcome> => {
    const { toolCallId, abortSignal: signal } = options;
    const call = { ...currentTurn(), tool: name, input, toolCallId, approved: wasApproved(options) };
    try {
      return await runOnce(db, call, (idempotencyKey) => run(input, idempotencyKey), { ...policy, signal });
    } catch (error) {
      if (error instanceof UnknownOutcomeError) return error.outcome;
      throw error;
    }
  };
}

type InputOf<Name extends keyof typeof toolSchemas> =
  (typeof toolSchemas)[Name]["inputSchema"]["_zod"]["output"];

/** Whether the last message approves this call: an approved call runs right after its approval. */
export function wasApproved({ messages, toolCallId }: ToolExecutionOptions<unknown>): boolean {
  const last = messages.at(-1);
  if (last?.role !== "tool") return false;
  const approved = new Set(
    last.content.flatMap((part) =>
      part.type === "tool-approval-response" && part.approved ? [part.approvalId] : [],
    ),
  );
  return messages.some(
    ({ role, content }) =>
      role === "assistant" &&
      typeof content !== "string" &&
      content.some(
        (part) =>
          part.type === "tool-approval-request" &&
          part.toolCallId === toolCallId &&
          approved.has(part.approvalId),
      ),
  );
}

function toModelOutput({ output }: { output: unknown }) {
  const unknown = unknownOutcomeOf(output);
  return unknown
    ? ({ type: "error-text", value: unknown.message } as const)
    : ({ type: "json", value: output as never } as const);
}
