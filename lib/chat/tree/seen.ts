/** Which of several versions was seen last: the one that a switch comes back to. */
import type { DbClient } from "@/lib/db/client";
import { pathApart } from "./walk.sql";

/**
 * Where the branch parts from others, it becomes the one that was seen last. Only down from where it parts from the
 * branch of `fromId`, which was the one until now: both are climbed, whichever is the newer, until they meet.
 */
export async function markSeen(
  tx: DbClient,
  chatId: string,
  headId: string | null,
  fromId: string | null,
): Promise<void> {
  if (headId === null) return;
  const marked = await tx.$executeRaw`
    WITH RECURSIVE ${pathApart(chatId, headId, fromId)}
    UPDATE "Message" m SET seen = chat."nextOrder"
    FROM (SELECT DISTINCT id FROM apart) apart, "Chat" chat
    WHERE m."chatId" = ${chatId} AND m.id = apart.id AND chat.id = ${chatId}
      AND (
        EXISTS (SELECT 1 FROM "Message" s WHERE s."chatId" = ${chatId} AND s."parentId" = m."parentId" AND s.seen > m.seen)
        OR (m."parentId" IS NULL AND EXISTS (
          SELECT 1 FROM "Message" s WHERE s."chatId" = ${chatId} AND s."parentId" IS NULL AND s.seen > m.seen
        ))
      )`;
  if (marked > 0) await tx.chat.update({ where: { id: chatId }, data: { nextOrder: { increment: 1 } } });
}
