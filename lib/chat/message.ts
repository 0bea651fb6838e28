/** What a message of this product is, and the gate that everything a browser sends goes through. */
import type { UIMessage } from "ai";
import { z } from "zod";
import { attachmentId, MAX_FILES_PER_MESSAGE, MAX_NAME_LENGTH } from "@/lib/attachments/limits";
import { messageText } from "./message-text";

export { messageText };

/**
 * Why an answer is less than its reader would expect: the model's limit of words, the provider's content filter, the
 * agent's limit of steps, no words at all, or nothing but thoughts.
 */
export type AnswerEnding = "length" | "content-filter" | "steps" | "empty" | "only-thoughts";

export type ChatMetadata = {
  /** The model that answered. */
  model?: string;
  /** Tokens of the whole turn, as far as the provider reports them. */
  inputTokens?: number;
  outputTokens?: number;
  /** In US dollars; null when the model's price is not known. */
  cost?: number | null;
  /** When the answer ended, as an ISO date. */
  finishedAt?: string;
  /** Absent, or null after a pause, for an answer that ended as answers do. */
  ending?: AnswerEnding | null;
  /** How long each tool call and each thought took: milliseconds by tool call id or reasoning id. */
  durations?: Record<string, number | null>;
};

type ChatData = {
  /** Transient: a new run took over from one that died in the middle of `partialId`; its answer starts again. */
  "run-recovered": { partialId: string | null };
  /** Messages that reached the answer here. The runtime writes it, and its name is the runtime's. */
  "pending-message-injected": { messageIds: string[]; messages: { id: string; text: string }[] };
};

export type ChatMessage = UIMessage<ChatMetadata, ChatData>;

export const MAX_TEXT_LENGTH = 100_000;

/** Thrown for a message that cannot be accepted. Its text is shown to the person who sent it. */
export class InvalidMessageError extends Error {
  override name = "InvalidMessageError";
}

const textPart = z.object({
  type: z.literal("text"),
  text: z.string({ error: "A text part needs its `text` as a string." }),
});

/** An attachment, by the address that its upload gave it. Any other address could make the server fetch something. */
const filePart = z
  .object({
    type: z.literal("file"),
    url: z.string().refine((url) => attachmentId(url) !== null, {
      error: "A file of this message is not an attachment. Attach it with the button, then send the message.",
    }),
    mediaType: z
      .string()
      .regex(/^[a-z]+\/[a-z0-9.+-]{1,100}$/, "A file of this message has no proper `mediaType`."),
    filename: z.string().max(MAX_NAME_LENGTH, "The name of a file is too long.").optional(),
  })
  .transform(({ filename, ...part }) => ({
    ...part,
    ...(filename === undefined ? {} : { filename }),
    // The AI SDK takes a file's address for one that it could fetch, unless the file is known by a reference.
    providerReference: { holdfast: attachmentId(part.url) ?? "" },
  }));

const userMessage = z.object({
  id: z
    .string({ error: "The message needs an `id`. Let `useChat` make it." })
    .regex(
      /^[A-Za-z0-9_-]{1,128}$/,
      "The message's `id` may only have letters, digits, - and _, at most 128 of them.",
    ),
  role: z.literal("user", { error: "Only messages of role `user` can be sent." }),
  parts: z
    .array(
      z.discriminatedUnion("type", [textPart, filePart], {
        error: "Only text and attachments can be sent. Remove what is neither.",
      }),
      { error: "The message needs `parts`, a list of text parts and attachments." },
    )
    .max(100, "The message has more than 100 parts. Send it as one text.")
    .refine((parts) => parts.filter((part) => part.type === "file").length <= MAX_FILES_PER_MESSAGE, {
      error: `The message has more than ${MAX_FILES_PER_MESSAGE} files. Send the rest with another one.`,
    }),
});

/** Returns the message with only what we accept of it, or throws `InvalidMessageError`. */
export function parseUserMessage(value: unknown): ChatMessage {
  const parsed = userMessage.safeParse(value);
  if (!parsed.success) {
    throw new InvalidMessageError(parsed.error.issues[0]?.message ?? "The message has the wrong shape.");
  }
  const message = sanitise(parsed.data);
  const length = message.parts.reduce((sum, part) => sum + (part.type === "text" ? part.text.length : 0), 0);
  if (length > MAX_TEXT_LENGTH) {
    const [is, limit] = [length, MAX_TEXT_LENGTH].map((count) => count.toLocaleString("en-US"));
    throw new InvalidMessageError(
      `The message is too long: ${is} characters, the limit is ${limit}. Shorten it or send it in parts.`,
    );
  }
  if (message.parts.every((part) => part.type === "text" && part.text.trim() === "")) {
    throw new InvalidMessageError("The message is empty. Write something and send it again.");
  }
  return message;
}

/** Whether both say the same with the same files: a message that is sent again, not another one under its id. */
export function saysTheSame(one: Pick<UIMessage, "parts">, other: Pick<UIMessage, "parts">): boolean {
  const files = ({ parts }: Pick<UIMessage, "parts">) =>
    parts.flatMap((part) => (part.type === "file" ? [part.url] : [])).join("\n");
  return messageText(one) === messageText(other) && files(one) === files(other);
}

const MAX_DEPTH = 200;

/**
 * Makes any value fit for a `jsonb` column, which refuses U+0000 and lone surrogates; models and tools produce both
 * sooner or later. Otherwise it keeps what JSON keeps. What is nested too deep to walk is kept as its JSON text.
 */
export function sanitise<T>(value: T): T {
  return clean(value, 0) as T;
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || value === null) return isJson(value) ? value : undefined;
  if (depth >= MAX_DEPTH) return cleanText(asText(value));
  if (Array.isArray(value)) return value.map((item: unknown) => clean(item, depth + 1) ?? null);
  if ("toJSON" in value && typeof value.toJSON === "function")
    return cleanToJson(value as { toJSON(): unknown }, depth);
  // `fromEntries` defines its keys, so a key named `__proto__` stays a key.
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const cleaned = clean(item, depth + 1);
      return cleaned === undefined ? [] : [[cleanText(key), cleaned]];
    }),
  );
}

function cleanText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "");
}

function isJson(value: unknown): boolean {
  return value === null || typeof value === "boolean";
}

function cleanToJson(value: { toJSON(): unknown }, depth: number): unknown {
  try {
    return clean(value.toJSON(), depth + 1);
  } catch {
    // An invalid Date, for example: JSON has no word for it.
    return null;
  }
}

function asText(value: object): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    // A cycle, or deeper than the engine's own stack: there is no text of it.
    return "[nested too deep]";
  }
}
