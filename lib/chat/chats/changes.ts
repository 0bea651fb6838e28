/**
 * What an owner does to a chat as a whole. Each says whether there was such a chat: to anybody but its owner there is
 * none. In SQL, because Prisma would move `updatedAt`, and with it the chat's place in the list.
 */
import type { Db, DbClient } from "@/lib/db/client";
import { Prisma } from "@/prisma/generated/client";
import { isChatId } from "../tree/queries";

export type OwnChat = { chatId: string; userId: string };

/** A chat that its owner deleted can be taken back for this long. */
const KEPT_AFTER_DELETION = "1 day";

/** The person's own words: from now on no model titles this chat. */
export function renameChat(db: DbClient, chat: OwnChat, title: string): Promise<boolean> {
  return update(db, chat, Prisma.sql`title = ${title}, "titledBy" = 'person'`);
}

export function setChatPinned(db: DbClient, chat: OwnChat, isPinned: boolean): Promise<boolean> {
  return update(
    db,
    chat,
    isPinned ? Prisma.sql`"pinnedAt" = now(), "archivedAt" = NULL` : Prisma.sql`"pinnedAt" = NULL`,
  );
}

export function setChatArchived(db: DbClient, chat: OwnChat, isArchived: boolean): Promise<boolean> {
  return update(
    db,
    chat,
    isArchived ? Prisma.sql`"archivedAt" = now(), "pinnedAt" = NULL` : Prisma.sql`"archivedAt" = NULL`,
  );
}

export function markChatRead(db: DbClient, chat: OwnChat): Promise<boolean> {
  return update(db, chat, Prisma.sql`"lastReadAt" = now()`);
}

/** From now on there is no such chat, for anybody, until it is restored. The engine is to be told (`endSessions`). */
export async function deleteChat(db: DbClient, { chatId, userId }: OwnChat): Promise<boolean> {
  if (!isChatId(chatId)) return false;
  const count = await db.$executeRaw`
    WITH gone AS (
      UPDATE "Chat" SET "deletedAt" = now()
      WHERE id = ${chatId} AND "userId" = ${userId} AND "deletedAt" IS NULL RETURNING id
    )
    INSERT INTO "SessionEnd" ("chatId") SELECT id FROM gone
    ON CONFLICT ("chatId") DO UPDATE SET "createdAt" = now()`;
  return count > 0;
}

/**
 * Takes a deletion back. A chat that is not deleted stays as it is; one that was removed for good is not found. The
 * answer that was being written was stopped with the deletion.
 */
export async function restoreChat(db: DbClient, { chatId, userId }: OwnChat): Promise<boolean> {
  if (!isChatId(chatId)) return false;
  const count = await db.$executeRaw`
    UPDATE "Chat" SET "deletedAt" = NULL,
      status = CASE WHEN "deletedAt" IS NOT NULL AND status = 'running' THEN 'idle' ELSE status END
    WHERE id = ${chatId} AND "userId" = ${userId}`;
  return count > 0;
}

/** Removes for good what was deleted long enough ago, whoever it belonged to. Returns the ids. */
export async function sweepDeletedChats(db: DbClient, limit = 100): Promise<string[]> {
  const gone = await db.$queryRaw<{ id: string }[]>`
    DELETE FROM "Chat" WHERE id IN (
      SELECT id FROM "Chat" WHERE "deletedAt" < now() - ${KEPT_AFTER_DELETION}::interval LIMIT ${limit}
    ) RETURNING id`;
  return gone.map(({ id }) => id);
}

/** What is no more, and the files that nobody can see any more: their bytes are still to be deleted. */
export type Deleted = { chatIds: string[]; attachmentIds: string[] };

/** Every chat of this person with all that hangs on it, their files and their settings, at once and for good. */
export function deleteEverything(db: Db, userId: string): Promise<Deleted> {
  return db.$transaction(async (tx) => {
    // Nobody's, not deleted: until its bytes are gone the row is what a sweep finds them by.
    const files = await tx.$queryRaw<{ id: string }[]>`
      UPDATE "Attachment" a SET "userId" = NULL
      WHERE a."userId" = ${userId} OR (a."userId" IS NULL AND EXISTS (
        SELECT 1 FROM "ChatAttachment" has JOIN "Chat" c ON c.id = has."chatId"
        WHERE has."attachmentId" = a.id AND c."userId" = ${userId}
      ))
      RETURNING id`;
    const chats = await tx.$queryRaw<{ id: string }[]>`
      DELETE FROM "Chat" WHERE "userId" = ${userId} RETURNING id`;
    await tx.userSettings.deleteMany({ where: { userId } });
    return { chatIds: chats.map(({ id }) => id), attachmentIds: files.map(({ id }) => id) };
  });
}

async function update(db: DbClient, { chatId, userId }: OwnChat, changes: Prisma.Sql): Promise<boolean> {
  if (!isChatId(chatId)) return false;
  const count = await db.$executeRaw`
    UPDATE "Chat" SET ${changes} WHERE id = ${chatId} AND "userId" = ${userId} AND "deletedAt" IS NULL`;
  return count > 0;
}
