import { findRunning } from "@/lib/server-chat/ask";
import { operations } from "@/lib/server-chat/operations";
import { appendStop } from "@/lib/server-chat/session";
import { apiRoute } from "../../../_http/route";

export const POST = apiRoute(operations.stop, async ({ chat, count }) => {
  const found = await chat();
  await count("stops");
  const { input } = await findRunning(found);
  // A stop without an answer would stop the next one.
  if (input !== undefined) await appendStop(found.id);
  return { isStopping: input !== undefined };
});
