import { operations } from "@/lib/server-chat/operations";
import { closeRun } from "@/lib/server-chat/session";
import { apiRoute } from "../../../_http/route";

export const POST = apiRoute(operations.close, async ({ chat, count }) => {
  const { id } = await chat();
  await count("stops");
  return { isClosing: await closeRun(id) };
});
