import { availableModels } from "@/lib/agent/model-catalog";
import { listChatPage } from "@/lib/chat/chats/list";
import { requireRoomForAnswer } from "@/lib/chat/chats/parallel-answers";
import { createChat } from "@/lib/chat/tree/queries";
import { db } from "@/lib/db/client";
import { ApiError, chatNotFound } from "@/lib/server-chat/api-error";
import { sendMessage } from "@/lib/server-chat/ask";
import { operations } from "@/lib/server-chat/operations";
import { answerResponse } from "../_http/answer";
import { apiRoute, jsonResponse } from "../_http/route";

export const GET = apiRoute(operations.listChats, async ({ holder, query }) => {
  const { chats, nextCursor } = await listChatPage(db, holder.userId, definedOf(query));
  return {
    chats: chats.map(({ id, title, status, isPinned, isArchived, isUnread, updatedAt }) => ({
      id,
      title,
      status,
      isPinned,
      isArchived,
      isUnread,
      updatedAt,
    })),
    ...(nextCursor !== undefined && { nextCursor }),
  };
});

export const POST = apiRoute(operations.createChat, async (call) => {
  const { holder, body, query, count } = call;
  const { id = crypto.randomUUID(), model, message } = body;
  const { userId } = holder;
  await count("chatStarts");
  if (message) await count("messages");
  if (model !== undefined && !availableModels().some((known) => known.id === model))
    throw new ApiError(400, "invalid", "This model isn't available here.", "model");
  if (message) await requireRoomForAnswer(db, { userId, chatId: id });
  const chat = await createChat(db, { id, userId, ...(model !== undefined && { model }) });
  if (!chat) throw chatNotFound();
  if (message) return answerResponse(call, await sendMessage(db, chat, message), query);
  return jsonResponse({ id: chat.id, createdAt: chat.createdAt.toISOString() }, 201);
});

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function definedOf<T extends object>(given: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<
    Defined<T>
  >;
}
