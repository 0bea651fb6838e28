import { db } from "@/lib/db/client";
import { sendMessage } from "@/lib/server-chat/ask";
import { operations } from "@/lib/server-chat/operations";
import { answerResponse } from "../../../_http/answer";
import { apiRoute } from "../../../_http/route";

export const POST = apiRoute(operations.sendMessage, async (call) => {
  const chat = await call.chat();
  await call.count("messages");
  return answerResponse(call, await sendMessage(db, chat, call.body), call.query);
});
