/** The gate that every message from a browser goes through: a person's own is brought into shape, all else refused. */
import { claimAttachments } from "@/lib/attachments/attachments";
import { InvalidMessageError, parseUserMessage, type ChatMessage } from "@/lib/chat/message";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { requireChat } from "./admission";

/** The message as this turn continues with it. Throws `InvalidMessageError` for what is not a person's. */
export async function accept(chatId: string, given: ChatMessage): Promise<ChatMessage> {
  // Before anything else of it is read: nobody puts words into the agent's mouth, or into the system's.
  if (given.role !== "user")
    throw new InvalidMessageError(
      "Only messages of role `user` can be sent. A request is decided on its card.",
    );
  const message = parseUserMessage(given);
  if (message.parts.every((part) => part.type !== "file")) return message;
  // Whose a file may be is the chat's row to say.
  const { userId } = await requireChat(chatId);
  return withRetry(() => claimAttachments(db, { id: chatId, userId }, message), {
    doing: `Attaching files to chat ${chatId}`,
  });
}
