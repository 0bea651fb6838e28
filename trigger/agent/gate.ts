/** The gate that everything a browser sends goes through, and what a turn that fails may leave behind. */
import { chat } from "@trigger.dev/sdk/ai";
import { claimAttachments } from "@/lib/attachments/attachments";
import { InvalidMessageError, parseUserMessage, saysTheSame, type ChatMessage } from "@/lib/chat/message";
import { withRetry } from "@/lib/db/retry";
import { db } from "@/lib/db/client";
import { takeDecisions } from "./continuation";

type Owner = { userId: string };

/**
 * The message as this turn goes on with it. A person's own is brought into shape; an assistant's only says that
 * something was decided, and what it then is comes from the database. Throws for everything else.
 */
export async function accept(
  chatId: string,
  message: ChatMessage,
  owner: (chatId: string) => Promise<Owner>,
): Promise<ChatMessage> {
  if (message.role === "assistant") return takeDecisions(chatId, message.id);
  const accepted = await withOwnFiles(chatId, parseUserMessage(message), owner);
  const known = chat.history.findMessage(message.id);
  // The same message again is a run taking over, or a retry. Anything else would put words into another mouth.
  if (known && (known.role !== "user" || !saysTheSame(known, accepted)))
    throw new InvalidMessageError(
      "This message's `id` belongs to another message of this chat. Send it with a new one.",
    );
  return accepted;
}

/** Whose a file may be is the chat's row to say. Most messages have none and cost no question. */
async function withOwnFiles(
  chatId: string,
  message: ChatMessage,
  owner: (chatId: string) => Promise<Owner>,
): Promise<ChatMessage> {
  if (message.parts.every((part) => part.type !== "file")) return message;
  const { userId } = await owner(chatId);
  const claim = () => claimAttachments(db, { id: chatId, userId }, message);
  return withRetry(claim, { doing: `Attaching files to chat ${chatId}` });
}

export type FailedTurn = {
  chatId: string;
  error: unknown;
  /** The history as the runtime would keep it: with what came in, just as it came. */
  uiMessages: ChatMessage[];
  /** What this turn brought: what came in, and what was written of the answer. */
  newUIMessages: ChatMessage[];
  responseMessage: ChatMessage | undefined;
};

/**
 * The history after a turn that failed, wherever that was. A question stays, so that it can be asked again; what the
 * gate refused, or never saw, does not.
 */
export async function afterFailure(turn: FailedTurn): Promise<ChatMessage[]> {
  const { chatId, error, uiMessages, newUIMessages, responseMessage } = turn;
  const cameIn = new Set(newUIMessages.filter(({ id }) => id !== responseMessage?.id));
  const others = [...cameIn].filter(({ role }) => role !== "user").map(({ id }) => id);
  // An answer that goes on after a decision came in as well, and is no invention: it was there before.
  const saved = others.length > 0 ? await savedAmong(chatId, others) : new Set();
  return uiMessages.flatMap((message) => {
    if (!cameIn.has(message)) return [message];
    if (message.role !== "user") return saved.has(message.id) ? [message] : [];
    return error instanceof InvalidMessageError ? [] : orNothing(() => parseUserMessage(message));
  });
}

async function savedAmong(chatId: string, messageIds: string[]): Promise<Set<string>> {
  // PostgreSQL would refuse it, so it is in no row.
  const ids = messageIds.filter((id) => !id.includes("\u0000"));
  const rows = await withRetry(
    () => db.message.findMany({ where: { chatId, messageId: { in: ids } }, select: { messageId: true } }),
    { doing: `Looking for messages of chat ${chatId}` },
  );
  return new Set(rows.map(({ messageId }) => messageId));
}

function orNothing<T>(make: () => T): T[] {
  try {
    return [make()];
  } catch {
    return [];
  }
}
