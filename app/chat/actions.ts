"use server";

import { auth } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { createChat, loadTranscript as queryTranscript } from "@/lib/chat/queries";
import { db } from "@/lib/db";
import { expectedError } from "./expected-error";
import { requireOwnChat, requireUser } from "./owner";

const startSession = chat.createStartSessionAction("chat");

/**
 * Creates the chat row for the signed-in owner, then its durable session and first run. Safe to repeat.
 * Throws *not found* for a chat of somebody else, before the engine hears of it: the engine would answer an
 * existing id with a fresh token.
 */
export async function startChatSession({
  chatId,
}: {
  chatId: string;
}): Promise<{ publicAccessToken: string }> {
  const user = await requireUser();
  if (!(await createChat(db, { id: chatId, userId: user.id }))) throw expectedError("chat-not-found");
  const { publicAccessToken } = await startSession({ chatId });
  return { publicAccessToken };
}

/** A one-hour token that reads and writes this chat's session and nothing else. Never stored. */
export async function mintChatAccessToken(chatId: string): Promise<string> {
  await requireOwnChat(chatId);
  const scopes = { read: { sessions: chatId }, write: { sessions: chatId } };
  return auth.createPublicToken({ scopes, expirationTime: "1h" });
}

/** The newest page of the shown branch, or the page before the message `before`, with the stream cursors it reflects. */
export async function loadTranscript(chatId: string, page?: { before?: string }) {
  await requireOwnChat(chatId);
  const transcript = await queryTranscript(
    db,
    chatId,
    typeof page?.before === "string" ? { before: page.before } : {},
  );
  if (!transcript) throw expectedError("chat-not-found");
  return transcript;
}
