import { requireRoomForAnswer } from "@/lib/chat/chats/parallel-answers";
import { db } from "@/lib/db/client";
import { operations } from "@/lib/server-chat/operations";
import { startRun } from "@/lib/server-chat/session";
import { apiRoute } from "../../../_http/route";

export const POST = apiRoute(operations.preload, async ({ chat, count }) => {
  const { id: chatId, userId } = await chat();
  await count("chatStarts");
  await requireRoomForAnswer(db, { userId, chatId });
  await startRun(db, { chatId, userId });
  return { isReady: true };
});
