import { loadTranscript } from "@/lib/chat/tree/queries";
import { db } from "@/lib/db/client";
import { chatNotFound } from "@/lib/server-chat/api-error";
import { operations } from "@/lib/server-chat/operations";
import { apiRoute } from "../../_http/route";

export const GET = apiRoute(operations.readChat, async ({ chat, query }) => {
  const { id } = await chat();
  const found = await loadTranscript(db, id, query);
  if (!found) throw chatNotFound();
  const { title, status, failure, messages, nonFinalIds, versions, nextCursor, cursors } = found;
  return {
    id,
    title,
    status,
    ...(failure !== undefined && { failure }),
    messages: messages.map(({ id: messageId, role, parts, metadata }) => ({
      id: messageId,
      role,
      parts,
      ...(metadata !== undefined && { metadata }),
    })),
    nonFinalIds,
    versions,
    ...(nextCursor !== undefined && { nextCursor }),
    cursor: cursors.lastOutEventId ?? null,
  };
});
