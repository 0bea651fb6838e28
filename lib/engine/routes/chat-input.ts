/**
 * The schema of the records that a chat agent reads from its `.in`. The SDK trusts the shape of a message: one without
 * parts throws while the run boots, and again in every run that follows. So the append is refused instead.
 */
import { z } from "zod";
import { parseJson } from "../http/input";

const Message = z.looseObject({
  id: z.string(),
  role: z.string(),
  parts: z.array(z.looseObject({ type: z.string() })),
});

const Submission = z
  .looseObject({
    message: Message.optional(),
    channelEvent: z.unknown().optional(),
  })
  // A connector sends an event instead of a message; the agent turns it into one.
  .refine(({ message, channelEvent }) => message !== undefined || isObject(channelEvent), {
    path: ["message"],
    message: "must be a UI message",
  });

const ChatInput = z
  .looseObject({ kind: z.string(), payload: z.unknown().optional() })
  .superRefine(({ kind, payload }, context) => {
    if (kind !== "message") return;
    const isSubmission = isObject(payload) && payload["trigger"] === "submit-message";
    const parsed = (isSubmission ? Submission : z.looseObject({})).safeParse(payload);
    for (const issue of parsed.error?.issues ?? [])
      context.addIssue({ code: "custom", path: ["payload", ...issue.path], message: issue.message });
  });

export function requireChatInput(text: string): void {
  parseJson(Buffer.from(text), ChatInput);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
