"use server";

import { auth } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { requireRoomForAnswer } from "@/lib/chat/chats/parallel-answers";
import { createChat, findOwnedChat } from "@/lib/chat/tree/queries";
import { expectAnswer } from "@/lib/chat/revive/revive";
import { db } from "@/lib/db/client";
import { revokeSession } from "@/lib/jobs/end-sessions";
import { PROGRESS_CHANNEL } from "@/lib/agent/progress";
import { configuredModel } from "./configured-model";
import { expectedError } from "./expected-error";
import { requireOwnChat, requireSomebody, takeTurn } from "./owner";

const startSession = chat.createStartSessionAction("chat");

/**
 * Creates the chat row for the signed-in owner, then its durable session and first run. Safe to repeat. A visitor
 * without an account becomes a guest.
 * Throws *not found* for someone else's chat before it calls the engine, which would return a fresh token for an
 * existing id.
 */
export async function startChatSession({
  chatId,
  model,
}: {
  chatId: string;
  /** For a chat that this call creates; an existing chat keeps its model. */
  model?: string;
}): Promise<{ publicAccessToken: string }> {
  const user = await requireSomebody();
  await takeTurn("chatStarts", user);
  await requireRoomForAnswer(db, { userId: user.id, chatId: String(chatId) });
  const chosen = model === undefined ? {} : { model: configuredModel(model) };
  if (!(await createChat(db, { id: chatId, userId: user.id, ...chosen })))
    throw expectedError("chat-not-found");
  // If no run starts for the first prompt, this is the only record of it.
  await expectAnswer(db, chatId);
  // The queue is fair between people, so it needs the chat's owner.
  const { publicAccessToken } = await startSession({
    chatId,
    triggerConfig: { concurrencyKey: user.id },
  });
  // The chat was deleted before the engine knew the session, so the session is closed again.
  if (!(await findOwnedChat(db, chatId, user.id))) {
    await revokeSession(chatId);
    throw expectedError("chat-not-found");
  }
  return { publicAccessToken };
}

/** A short-lived token that reads and writes only this chat's session. Never stored. */
export async function mintChatAccessToken(chatId: string): Promise<string> {
  await requireOwnChat(chatId);
  const scopes = { read: { sessions: chatId }, write: { sessions: chatId } };
  return auth.createPublicToken({ scopes, expirationTime: "15m" });
}

/** A short-lived token for the progress of this chat's long jobs. It reads no message and writes none. */
export async function mintProgressToken(chatId: string): Promise<string> {
  const { id } = await requireOwnChat(chatId);
  const channel = `${id}:channels:${PROGRESS_CHANNEL}`;
  const scopes = { read: { sessions: channel }, write: { sessions: channel } };
  return auth.createPublicToken({ scopes, expirationTime: "15m" });
}

/** Sets the model for the next turns: one of the configured models. */
export async function chooseModel(chatId: string, model: string): Promise<void> {
  const { id, userId } = await requireOwnChat(chatId);
  await db.chat.updateMany({ where: { id, userId }, data: { model: configuredModel(model) } });
}
