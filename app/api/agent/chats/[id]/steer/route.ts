import { db } from "@/lib/db/client";
import { steer } from "@/lib/server-chat/ask";
import { operations } from "@/lib/server-chat/operations";
import { apiRoute } from "../../../_http/route";

export const POST = apiRoute(operations.steer, async ({ chat, count, body }) => {
  const found = await chat();
  await count("messages");
  return steer(db, found, body);
});
