/** The list beside the conversation: a page of it costs the page, however many chats there are. */
import type { DbClient } from "@/lib/db/client";
import { Prisma } from "@/prisma/generated/client";
import { isChatId, type ChatStatus } from "../tree/queries";

export type ListedChat = {
  id: string;
  title: string | null;
  titledBy: "person" | "model" | null;
  status: ChatStatus;
  isPinned: boolean;
  isArchived: boolean;
  /** The shown branch ends in an answer that came, or went on, after the chat was last open. */
  isUnread: boolean;
  updatedAt: Date;
};

export type ChatListPage = {
  /** On the first page the pinned chats come first, all of them; then newest first. */
  chats: ListedChat[];
  /** Pass as `after` for the next page; absent on the last. */
  nextCursor?: string;
};

export type ChatListOptions = { view?: "active" | "archived"; limit?: number; after?: string };

const CHATS_PER_PAGE = 40;
const MAX_CHATS_PER_PAGE = 400;
const MAX_PINNED = 100;

/** A person's chats. One without a message was opened and left, and is in no list. */
export async function listChatPage(
  db: DbClient,
  userId: string,
  { view = "active", limit = CHATS_PER_PAGE, after }: ChatListOptions = {},
): Promise<ChatListPage> {
  const size = Math.min(Math.max(Math.trunc(limit) || CHATS_PER_PAGE, 1), MAX_CHATS_PER_PAGE);
  const cursor = after === undefined ? undefined : readCursor(after);
  if (cursor === null) return { chats: [] };
  const rest = await select(db, userId, {
    where: Prisma.sql`
      ${view === "archived" ? Prisma.sql`"archivedAt" IS NOT NULL` : Prisma.sql`"archivedAt" IS NULL AND "pinnedAt" IS NULL`}
      ${cursor ? Prisma.sql`AND ("updatedAt" < ${cursor.time}::text::timestamp OR ("updatedAt" = ${cursor.time}::text::timestamp AND id > ${cursor.id}))` : Prisma.empty}`,
    orderBy: Prisma.sql`"updatedAt" DESC, id`,
    limit: size + 1,
  });
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const pinned =
    view === "active" && !cursor
      ? await select(db, userId, {
          where: Prisma.sql`"archivedAt" IS NULL AND "pinnedAt" IS NOT NULL`,
          orderBy: Prisma.sql`"pinnedAt" DESC, id`,
          limit: MAX_PINNED,
        })
      : [];
  return {
    chats: [...pinned, ...page],
    ...(rest.length > size && last ? { nextCursor: `${last.updatedAt.toISOString()}|${last.id}` } : {}),
  };
}

/** One chat as the list would show it, wherever in the list it is; null when it would not. */
export async function findListedChat(
  db: DbClient,
  userId: string,
  chatId: string,
): Promise<ListedChat | null> {
  if (!isChatId(chatId)) return null;
  const where = Prisma.sql`id = ${chatId}`;
  return (await select(db, userId, { where, orderBy: Prisma.sql`id`, limit: 1 }))[0] ?? null;
}

function select(
  db: DbClient,
  userId: string,
  { where, orderBy, limit }: { where: Prisma.Sql; orderBy: Prisma.Sql; limit: number },
): Promise<ListedChat[]> {
  return db.$queryRaw<ListedChat[]>`
    SELECT
      c.id, c.title, c."titledBy", c.status, c."updatedAt",
      c."pinnedAt" IS NOT NULL AS "isPinned", c."archivedAt" IS NOT NULL AS "isArchived",
      COALESCE(head.role = 'assistant' AND head.at > COALESCE(c."lastReadAt", '-infinity'), false) AS "isUnread"
    FROM (
      SELECT * FROM "Chat"
      WHERE "userId" = ${userId} AND "deletedAt" IS NULL AND "nextOrder" > 0 AND ${where}
      ORDER BY ${orderBy} LIMIT ${limit}
    ) c
    LEFT JOIN LATERAL (
      SELECT role, COALESCE("changedAt", "createdAt") AS at FROM "Message" WHERE "chatId" = c.id AND id = c."headId" LIMIT 1
    ) head ON true
    ORDER BY ${orderBy}`;
}

/** Null for what is no cursor: then there is no such page. */
function readCursor(text: string): { time: string; id: string } | null {
  const [, time, id] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z\|([A-Za-z0-9_-]{1,64})$/.exec(text) ?? [];
  return time && id && !Number.isNaN(Date.parse(`${time}Z`)) ? { time, id } : null;
}
