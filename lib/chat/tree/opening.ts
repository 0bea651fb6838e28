/** Opens a chat at a message that a link names. */
import type { DbClient } from "@/lib/db/client";
import { Prisma } from "@/prisma/generated/client";
import { pathUp } from "./walk.sql";

/** Where a link to a message leads: its id in the conversation, and whether its branch is the shown one. */
export async function findOpening(
  db: DbClient,
  chatId: string,
  nodeId: string,
): Promise<{ nodeId: string; messageId: string; isShown: boolean } | null> {
  if (!/^\P{Cc}{1,128}$/u.test(nodeId)) return null;
  const headId = Prisma.sql`(SELECT "headId" FROM "Chat" WHERE id = ${chatId})`;
  // A parent is older than its children, so the climb ends where the message would have to be.
  const isBelow = Prisma.sql`
    path."order" > (SELECT "order" FROM "Message" WHERE "chatId" = ${chatId} AND id = ${nodeId})`;
  const [found] = await db.$queryRaw<{ messageId: string; isShown: boolean }[]>`
    WITH RECURSIVE ${pathUp(chatId, headId, { climbsWhile: isBelow })}
    SELECT "messageId", EXISTS (SELECT 1 FROM path WHERE path.id = ${nodeId}) AS "isShown"
    FROM "Message" WHERE "chatId" = ${chatId} AND id = ${nodeId} AND "removedAt" IS NULL`;
  return found ? { nodeId, ...found } : null;
}
