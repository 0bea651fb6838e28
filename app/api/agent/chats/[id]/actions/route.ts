import { moveBranch } from "@/lib/chat/tree/move-branch";
import { db } from "@/lib/db/client";
import { askOnBranch } from "@/lib/server-chat/ask";
import { operations } from "@/lib/server-chat/operations";
import { readResult } from "@/lib/server-chat/result";
import { answerResponse } from "../../../_http/answer";
import { apiRoute } from "../../../_http/route";

export const POST = apiRoute(operations.act, async (call) => {
  const { body } = call;
  const chat = await call.chat();
  if (body.type === "edit" || body.type === "regenerate") {
    await call.count("messages");
    return answerResponse(call, await askOnBranch(db, chat, body), call.query);
  }
  await moveBranch(db, { chatId: chat.id, userId: chat.userId }, body);
  return readResult(db, chat.id, null);
});
