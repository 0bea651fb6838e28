/** Statements about whole chats. In SQL, because Prisma would set `updatedAt`, which orders the list of chats. */
import {
  bool,
  command,
  empty,
  jsonb,
  orNull,
  query,
  sql,
  text,
  textArray,
  timestamp,
  utc,
  type Sql,
} from "@/lib/db/statement";
import { toStored, type StoredMessage } from "../message-versions";
import { pathUp } from "../tree/walk.sql";
import type { ChatStatus } from "../tree/queries";

// ── Changes by the owner ──

/** A chat of this person; to everybody else it does not exist. */
export type OwnChat = { chatId: string; userId: string };

const mine: OwnChat = { chatId: "a-chat", userId: "a-person" };

function update({ chatId, userId }: OwnChat, changes: Sql): Sql {
  return sql`UPDATE "Chat" SET ${changes} WHERE id = ${chatId} AND "userId" = ${userId} AND "deletedAt" IS NULL`;
}

export const setTitle = command(
  (chat: OwnChat, title: string) => update(chat, sql`title = ${title}, "titledBy" = 'person'`),
  [mine, "A title"],
);

/** The condition is in the statement, because a person may rename the chat while the model is still writing. */
export const setTitleByModel = command(
  (chatId: string, title: string) => sql`
    UPDATE "Chat" SET title = ${title}, "titledBy" = 'model' WHERE id = ${chatId} AND "titledBy" IS NULL`,
  ["a-chat", "A title"],
);

export const setPinned = command(
  (chat: OwnChat, isPinned: boolean) =>
    update(chat, isPinned ? sql`"pinnedAt" = now(), "archivedAt" = NULL` : sql`"pinnedAt" = NULL`),
  [mine, true],
  [mine, false],
);

export const setArchived = command(
  (chat: OwnChat, isArchived: boolean) =>
    update(chat, isArchived ? sql`"archivedAt" = now(), "pinnedAt" = NULL` : sql`"archivedAt" = NULL`),
  [mine, true],
  [mine, false],
);

export const setRead = command((chat: OwnChat) => update(chat, sql`"lastReadAt" = now()`), [mine]);

/** Marks the chat as deleted, and notes in the same statement that the engine has to end its session. */
export const markDeleted = command(
  ({ chatId, userId }: OwnChat) => sql`
    WITH gone AS (
      UPDATE "Chat" SET "deletedAt" = now()
      WHERE id = ${chatId} AND "userId" = ${userId} AND "deletedAt" IS NULL RETURNING id
    )
    INSERT INTO "SessionEnd" ("chatId") SELECT id FROM gone
    ON CONFLICT ("chatId") DO UPDATE SET "createdAt" = now()`,
  [mine],
);

export const unmarkDeleted = command(
  ({ chatId, userId }: OwnChat) => sql`
    UPDATE "Chat" SET "deletedAt" = NULL,
      status = CASE WHEN "deletedAt" IS NOT NULL AND status = 'running' THEN 'idle' ELSE status END
    WHERE id = ${chatId} AND "userId" = ${userId}`,
  [mine],
);

export const removeDeletedChats = query(
  { id: text() },
  (keptFor: string, limit: number) => sql`
    DELETE FROM "Chat" WHERE id IN (
      SELECT id FROM "Chat" WHERE "deletedAt" < now() - ${keptFor}::interval LIMIT ${limit}
    ) RETURNING id`,
  ["1 day", 100],
);

export const removeChatsOf = query(
  { id: text() },
  (userId: string) => sql`DELETE FROM "Chat" WHERE "userId" = ${userId} RETURNING id`,
  ["a-person"],
);

/** The rows stay without an owner: the sweep deletes a file's bytes by its row. */
export const disownFilesOf = query(
  { id: text() },
  (userId: string) => sql`
    UPDATE "Attachment" a SET "userId" = NULL
    WHERE a."userId" = ${userId} OR (a."userId" IS NULL AND EXISTS (
      SELECT 1 FROM "ChatAttachment" has JOIN "Chat" c ON c.id = has."chatId"
      WHERE has."attachmentId" = a.id AND c."userId" = ${userId}
    ))
    RETURNING id`,
  ["a-person"],
);

// ── The list ──

/** A page's last chat, as its `updatedAt` and its id. */
export type ListCursor = { time: string; id: string };

export type ListSelection =
  | { of: "pinned" }
  | { of: "active" | "archived"; after?: ListCursor | undefined }
  | { of: "one"; chatId: string };

const aCursor = { time: "2026-01-01T00:00:00.000", id: "a-chat" };

export const selectListedChats = query(
  {
    id: text(),
    title: orNull(text()),
    titledBy: orNull(text<"person" | "model">()),
    status: text<ChatStatus>(),
    updatedAt: timestamp(),
    isPinned: bool(),
    isArchived: bool(),
    isUnread: bool(),
  },
  (userId: string, selection: ListSelection, limit: number) => {
    const { where, orderBy } = conditions(selection);
    return sql`
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
  },
  ["a-person", { of: "pinned" }, 100],
  ["a-person", { of: "active", after: aCursor }, 40],
  ["a-person", { of: "archived" }, 40],
  ["a-person", { of: "one", chatId: "a-chat" }, 1],
);

function conditions(selection: ListSelection): { where: Sql; orderBy: Sql } {
  switch (selection.of) {
    case "pinned":
      return {
        where: sql`"archivedAt" IS NULL AND "pinnedAt" IS NOT NULL`,
        orderBy: sql`"pinnedAt" DESC, id`,
      };
    case "one":
      return { where: sql`id = ${selection.chatId}`, orderBy: sql`id` };
    case "active":
    case "archived": {
      const view =
        selection.of === "archived"
          ? sql`"archivedAt" IS NOT NULL`
          : sql`"archivedAt" IS NULL AND "pinnedAt" IS NULL`;
      return { where: sql`${view} ${after(selection.after)}`, orderBy: sql`"updatedAt" DESC, id` };
    }
  }
}

function after(cursor: ListCursor | undefined): Sql {
  if (!cursor) return empty;
  const time = sql`${cursor.time}::text::timestamp`;
  return sql`AND ("updatedAt" < ${time} OR ("updatedAt" = ${time} AND id > ${cursor.id}))`;
}

// ── Copies and links ──

const whole = { headId: orNull(text()), title: orNull(text()) };

function ownChat({ chatId, userId }: OwnChat): Sql {
  return sql`SELECT "headId", title FROM "Chat" WHERE id = ${chatId} AND "userId" = ${userId} AND "deletedAt" IS NULL`;
}

/** Held until the transaction ends, so that no save comes between the chat and its messages. */
export const holdChat = query(whole, (chat: OwnChat) => sql`${ownChat(chat)} FOR SHARE`, [mine]);

export const lockOwnChat = query(whole, (chat: OwnChat) => sql`${ownChat(chat)} FOR UPDATE`, [mine]);

/** A copy is another chat of the same owner; `headId` is its head. */
type Copy = { copyId: string; chatId: string; headId: string | null };

const aCopy = { copyId: "a-copy", chatId: "a-chat", headId: "a-node" };

/** The runtime's own record (`state`) is about the shown branch, so a copy of another branch does not get it. */
export const copyChatRow = command(
  ({ copyId, chatId, headId }: Copy, now: Date) => sql`
    INSERT INTO "Chat" (id, "userId", title, "titledBy", model, "headId", state, "nextOrder", "lastReadAt", "updatedAt")
    SELECT ${copyId}, "userId", left(title, 112) || ' (copy)', "titledBy", model, ${headId},
      CASE WHEN "headId" = ${headId} THEN state END, "nextOrder", now(), ${utc(now)}
    FROM "Chat" WHERE id = ${chatId}`,
  [aCopy, new Date(0)],
);

const copiedColumns = sql`"chatId", id, "messageId", "parentId", role, message, final, "order", seen, "createdAt"`;

export const copyTree = command(
  ({ copyId, chatId }: Copy) => sql`
    INSERT INTO "Message" (${copiedColumns})
    SELECT ${copyId}, id, "messageId", "parentId", role, message, final, "order", seen, "createdAt"
    FROM "Message" WHERE "chatId" = ${chatId} AND "removedAt" IS NULL`,
  [aCopy],
);

export const copyBranch = command(
  ({ copyId, chatId, headId }: Copy & { headId: string }) => sql`
    WITH RECURSIVE ${pathUp(chatId, headId)}
    INSERT INTO "Message" (${copiedColumns})
    SELECT ${copyId}, m.id, m."messageId", m."parentId", m.role, m.message, m.final, m."order", m.seen, m."createdAt"
    FROM path JOIN "Message" m ON m."chatId" = ${chatId} AND m.id = path.id`,
  [aCopy],
);

/** A copied branch gets all files of the chat: that is too many at worst, and never too few. */
export const copyFileRights = command(
  ({ copyId, chatId }: Copy) => sql`
    INSERT INTO "ChatAttachment" ("chatId", "attachmentId")
    SELECT ${copyId}, "attachmentId" FROM "ChatAttachment" WHERE "chatId" = ${chatId}`,
  [aCopy],
);

/** The copy's messages with calls that have a request in the original, and the ids of those calls. */
export const selectAskingMessages = query(
  { id: text(), message: jsonb<StoredMessage>(), calls: textArray() },
  ({ copyId, chatId }: Copy) => sql`
    SELECT m.id, m.message, array_agg(r."toolCallId") AS calls
    FROM "Message" m
      CROSS JOIN LATERAL jsonb_array_elements(m.message -> 'parts') part
      JOIN "HumanRequest" r ON r."chatId" = ${chatId} AND r."messageId" = m."messageId"
        AND (
          r."toolCallId" IN (part ->> 'toolCallId', part #>> '{output,asked,toolCallId}')
          OR jsonb_path_exists(part, '$.output.requests[*].toolCallId ? (@ == $id)', jsonb_build_object('id', r."toolCallId"))
        )
    WHERE m."chatId" = ${copyId} AND m.role = 'assistant' GROUP BY m.id, m.message, m."chatId"`,
  [aCopy],
);

export const replaceMessage = command(
  (chatId: string, nodeId: string, message: object) => sql`
    UPDATE "Message" SET message = ${JSON.stringify(toStored(message))}::jsonb WHERE "chatId" = ${chatId} AND id = ${nodeId}`,
  ["a-chat", "a-node", {}],
);

/** Keeps a copy of the messages that can still change: partial answers, and answers with tool calls. */
export const saveSnapshot = command(
  (share: { id: string; chatId: string; headId: string }, maxMessages: number) => sql`
    UPDATE "Share" SET snapshot = COALESCE((
      WITH RECURSIVE ${pathUp(share.chatId, share.headId, { limit: maxMessages })}
      SELECT jsonb_object_agg(m.id, m.message)
      FROM path JOIN "Message" m ON m."chatId" = ${share.chatId} AND m.id = path.id AND m.role = 'assistant'
      WHERE NOT m.final OR m.message->>'parts' ~ '"type": "(tool-|dynamic-tool)'
    ), '{}') WHERE id = ${share.id}`,
  [{ id: "a-share", chatId: "a-chat", headId: "a-node" }, 1000],
);
