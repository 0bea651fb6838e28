"use server";

import { auth } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { requireRoomForAnswer } from "@/lib/chat/chats/parallel-answers";
import { createChat, findOwnedChat } from "@/lib/chat/tree/queries";
import { expectAnswer } from "@/lib/chat/revive/revive";
import { db } from "@/lib/db/client";
import { revokeSession } from "@/lib/jobs/end-sessions";
import { availableModels } from "@/lib/agent/model-catalog";
import { expectedError } from "./expected-error";
import { requireOwnChat, requireSomebody, takeTurn } from "./owner";

const startSession = chat.createStartSessionAction("chat");

/**
 * Creates the chat row for the signed-in owner, then its durable session and first run. Safe to repeat. Whoever is
 * nobody yet becomes a guest.
 * Throws *not found* for a chat of somebody else, before the engine hears of it: the engine would answer an
 * existing id with a fresh token.
 */
export async function startChatSession({
  chatId,
  model,
}: {
  chatId: string;
  /** For a chat that this call makes; one that is there keeps its own. */
  model?: string;
}): Promise<{ publicAccessToken: string }> {
  const user = await requireSomebody();
  await takeTurn("chatStarts", user);
  await requireRoomForAnswer(db, { userId: user.id, chatId: String(chatId) });
  const chosen = model === undefined ? {} : { model: configuredModel(model) };
  if (!(await createChat(db, { id: chatId, userId: user.id, ...chosen })))
    throw expectedError("chat-not-found");
  // Should no run come to the first question, nothing else would say that one was asked.
  await expectAnswer(db, chatId);
  // The queue is fair by person, so it has to know whose chat this is.
  const { publicAccessToken } = await startSession({
    chatId,
    triggerConfig: { concurrencyKey: user.id },
  });
  // Deleted meanwhile: what the engine was told of that came before this start.
  if (!(await findOwnedChat(db, chatId, user.id))) {
    await revokeSession(chatId);
    throw expectedError("chat-not-found");
  }
  return { publicAccessToken };
}

/** A short token that reads and writes this chat's session and nothing else. Never stored. */
export async function mintChatAccessToken(chatId: string): Promise<string> {
  await requireOwnChat(chatId);
  const scopes = { read: { sessions: chatId }, write: { sessions: chatId } };
  return auth.createPublicToken({ scopes, expirationTime: "15m" });
}

/** Who answers from the next turn on: one of the configured models. */
export async function chooseModel(chatId: string, model: string): Promise<void> {
  const { id, userId } = await requireOwnChat(chatId);
  await db.chat.updateMany({ where: { id, userId }, data: { model: configuredModel(model) } });
}

function configuredModel(id: unknown): string {
  const known = availableModels().find((model) => model.id === id);
  if (!known) throw expectedError("model-not-configured");
  return known.id;
}
