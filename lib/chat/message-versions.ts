/**
 * The shape of saved messages, over all releases. A saved message says its version, and one without a version is of the
 * first. Reading brings it to today's shape; the row itself changes only when its message is saved again.
 *
 * To change the shape: append one function to `upcasters`, and a row of the old shape to message-versions.test.ts.
 */
import { sayStep, type StepState } from "@/lib/agent/sub-agents/step-sentences";
import type { ChatMessage } from "./message";
import { marked, markOf } from "./effects/marks";

declare const isStored: unique symbol;

/** A message as the database has it. Only `readStored` makes a `ChatMessage` of it. */
export type StoredMessage = { readonly [isStored]: true };

type Json = Record<string, unknown>;
type Part = ChatMessage["parts"][number];

/** Each takes a message of the version before. It may meet its own result, because older code saves without a version. */
const upcasters: ReadonlyArray<(message: ChatMessage) => ChatMessage> = [
  // 1 → 2: outputs that say something about their call have a mark.
  onOutputs((type, output) => {
    if (markOf(output) !== undefined) return output;
    if (type === "tool-delegate" && isJson(output["asked"])) return marked("sub-agent", output);
    const isQuestion = type === "tool-askQuestion" || type === "tool-askDelivery";
    return isQuestion && output["skipped"] === true ? marked("unanswered", output) : output;
  }),
  // 2 → 3: a sub-agent asks several things instead of one, and its steps are sentences. It no longer works inside the
  // answer, so nothing can continue from the conversation that its output kept.
  onOutputs((type, output) => {
    if (type !== "tool-delegate") return output;
    const { asked, messages: _, ...rest } = output;
    return {
      ...rest,
      ...(isJson(asked) && !rest["requests"]
        ? { requests: [{ ...asked, waits: rest["state"] === "waiting" }] }
        : {}),
      ...(Array.isArray(rest["steps"]) ? { steps: rest["steps"].map(inWords) } : {}),
    };
  }),
];

export const MESSAGE_VERSION = upcasters.length + 1;

/**
 * The message in today's shape. One of a later version comes from a deployment that was rolled back: it stays as it is,
 * with its version, so that it is shown as far as it is understood and saved as what it is.
 */
export function readStored(stored: StoredMessage): ChatMessage {
  const { version = 1, ...message } = stored as unknown as ChatMessage & { version?: number };
  if (version > MESSAGE_VERSION) return stored as unknown as ChatMessage;
  return upcasters.slice(version - 1).reduce((shape, upcast) => upcast(shape), message as ChatMessage);
}

/** What to save of a message. */
export function toStored<Message extends object>(message: Message): Message & { version: number } {
  return { version: MESSAGE_VERSION, ...message };
}

/** Today's shape of a message that an older run wrote to its stream and never saved. */
export function readUnversioned(message: ChatMessage): ChatMessage {
  return readStored(message as unknown as StoredMessage);
}

function onOutputs(change: (type: string, output: Json) => Json): (message: ChatMessage) => ChatMessage {
  return (message) => ({
    ...message,
    parts: message.parts.map((part) => {
      if (!("output" in part) || !isJson(part.output)) return part;
      return { ...part, output: change(part.type, part.output) } as Part;
    }),
  });
}

/** The step was a tool's name, with the tool's input as `detail`. */
function inWords(step: unknown): unknown {
  if (!isJson(step) || typeof step["detail"] !== "string") return step;
  const { detail, ...rest } = step;
  return {
    ...rest,
    title: sayStep(String(step["title"]), parsed(String(detail)), step["state"] as StepState),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
