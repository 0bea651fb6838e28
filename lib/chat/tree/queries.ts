/** What the page reads. Whoever calls has checked that the chat is the reader's (`findOwnedChat`). */
import type { TranscriptCursors } from "@trigger.dev/sdk/ai";
import type { DbClient } from "@/lib/db/client";
import { Prisma, type Chat } from "@/prisma/generated/client";
import { branchBelow, pathUp } from "./walk.sql";
import type { ChatMessage } from "../message";

/** What the last save said: a turn began, it ended, or it ended in an error. */
export type ChatStatus = "idle" | "running" | "failed";

export type Transcript = {
  messages: ChatMessage[];
  cursors: TranscriptCursors;
  status: ChatStatus;
  /** Why the last turn failed, when somebody knows. */
  failure?: string;
  title: string | null;
  /** Pass as `before` for the page before this one; absent on the first page. */
  nextCursor?: string;
  /** Messages that are partial answers. */
  nonFinalIds: string[];
  /** By message id, where a message has alternatives or its node another id. */
  versions: Record<string, Versions>;
  /** Something hangs below the shown leaf, so a step back can be taken forward again. */
  canRedo: boolean;
};

/** The nodes that stand in one place of the tree, oldest first, at most 200; `nodeId` is the one that is shown. */
type Versions = { nodeId: string; ids: string[] };

export type PageOptions = {
  limit?: number | undefined;
  /** The page before this message or node. */
  before?: string | undefined;
  /** Another branch than the shown one: through this node, down to the leaf that was last seen under it. */
  through?: string | undefined;
};

/** `session_…` is how the engine names a session by itself: a chat of that name would be given a token for that one. */
const chatId = /^(?!session_)[A-Za-z0-9_-]{8,64}$/;

/** What cannot be a chat id is unknown, and need not trouble the database. */
export function isChatId(id: unknown): id is string {
  return typeof id === "string" && chatId.test(id);
}

/** The newest page of the shown branch, with the cursors from which the live stream continues it. */
export async function loadTranscript(
  db: DbClient,
  chatId: string,
  { limit = 50, ...page }: PageOptions = {},
): Promise<Transcript | null> {
  const branch = await readBranch(db, chatId, { limit, ...page });
  if (!branch) return null;
  const { state: _, ...transcript } = branch;
  return transcript;
}

/** Null for a foreign chat, an unknown one and a deleted one alike. */
export async function findOwnedChat(db: DbClient, chatId: string, userId: string): Promise<Chat | null> {
  if (!isChatId(chatId)) return null;
  return db.chat.findFirst({ where: { id: chatId, userId, deletedAt: null } });
}

/**
 * The chat of that id, made if there is none, with the model that its owner prefers; null when the id is not one, is
 * deleted or belongs to somebody else.
 */
export async function createChat(
  db: DbClient,
  { id, userId, model }: { id: string; userId: string; model?: string },
): Promise<Chat | null> {
  if (!isChatId(id)) return null;
  // Two first messages at once both get here: the second finds what the first made.
  const settings = model === undefined ? await db.userSettings.findUnique({ where: { userId } }) : null;
  await db.chat.createMany({
    data: [{ id, userId, model: model ?? settings?.defaultModel ?? null }],
    skipDuplicates: true,
  });
  return findOwnedChat(db, id, userId);
}

const MAX_VERSIONS = 200;

type BranchRow = {
  title: string | null;
  status: ChatStatus;
  failure: string | null;
  state: unknown;
  lastOutEventId: string | null;
  lastInEventId: string | null;
  messages: ChatMessage[];
  nonFinalIds: string[];
  nextCursor: string | null;
  versions: Record<string, Versions>;
  canRedo: boolean;
};

/**
 * One statement, so the messages and the cursors are of the same moment. It walks up from the head, or from `before`,
 * and touches only what it returns. The page's cursor is a node's id, so the next page starts there at once.
 */
export async function readBranch(
  db: DbClient,
  chatId: string,
  { limit, before, through }: PageOptions = {},
): Promise<(Transcript & { state: unknown }) | null> {
  if (!isChatId(chatId)) return null;
  const start =
    before !== undefined
      ? Prisma.sql`
          (SELECT "parentId" AS id FROM "Message"
            WHERE "chatId" = ${chatId} AND "removedAt" IS NULL AND (id = ${before} OR "messageId" = ${before})
            ORDER BY (id = ${before}) DESC, "order" DESC LIMIT 1)`
      : through !== undefined
        ? Prisma.sql`SELECT id FROM below ORDER BY depth DESC LIMIT 1`
        : Prisma.sql`SELECT "headId" AS id FROM chat`;
  const depth = limit !== undefined && limit > 0 ? Math.ceil(limit) : undefined;
  // `LIMIT 1` keeps each lookup by key: without it the planner may read a whole chat to join a page of it.
  const [row] = await db.$queryRaw<BranchRow[]>`
    WITH RECURSIVE
      chat AS (SELECT * FROM "Chat" WHERE id = ${chatId}),
      ${through === undefined ? Prisma.empty : Prisma.sql`${branchBelow(chatId, through)},`}
      start AS (${start}),
      ${pathUp(chatId, Prisma.sql`(SELECT id FROM start)`, { limit: depth })},
      page AS (
        SELECT m.id, m."parentId", m.message, m."messageId", m.final, path.depth
          FROM path, LATERAL (SELECT * FROM "Message" WHERE "chatId" = ${chatId} AND id = path.id LIMIT 1) m
      ),
      contents AS (
        SELECT
          jsonb_agg(message ORDER BY depth DESC) AS messages,
          jsonb_agg("messageId" ORDER BY depth DESC) FILTER (WHERE NOT final) AS "nonFinalIds"
        FROM page
      ),
      versions AS (
        SELECT jsonb_object_agg(page."messageId", jsonb_build_object('nodeId', page.id, 'ids', siblings.ids)) AS versions
        FROM page, LATERAL (
          SELECT jsonb_agg(id ORDER BY "order") AS ids, count(*) AS count FROM (
            (SELECT s.id, s."order" FROM "Message" s
              WHERE s."chatId" = ${chatId} AND s."parentId" = page."parentId" AND s."removedAt" IS NULL
              ORDER BY s."order" DESC LIMIT ${MAX_VERSIONS})
            UNION ALL
            (SELECT s.id, s."order" FROM "Message" s
              WHERE page."parentId" IS NULL AND s."chatId" = ${chatId} AND s."parentId" IS NULL AND s."removedAt" IS NULL
              ORDER BY s."order" DESC LIMIT ${MAX_VERSIONS})
          ) s
        ) siblings
        WHERE siblings.count > 1 OR page.id <> page."messageId"
      ),
      oldest AS (SELECT id, "parentId" FROM path ORDER BY depth DESC LIMIT 1)
    SELECT
      chat.title, chat.status, chat.failure, chat.state, chat."lastOutEventId", chat."lastInEventId",
      COALESCE(contents.messages, '[]') AS messages, COALESCE(contents."nonFinalIds", '[]') AS "nonFinalIds",
      (SELECT id FROM oldest WHERE "parentId" IS NOT NULL) AS "nextCursor",
      COALESCE(versions.versions, '{}') AS versions,
      CASE WHEN chat."headId" IS NULL
        THEN EXISTS (SELECT 1 FROM "Message" WHERE "chatId" = ${chatId} AND "parentId" IS NULL AND "removedAt" IS NULL)
        ELSE EXISTS (SELECT 1 FROM "Message" WHERE "chatId" = ${chatId} AND "parentId" = chat."headId" AND "removedAt" IS NULL)
      END AS "canRedo"
    FROM chat, contents, versions`;
  if (!row) return null;
  return {
    messages: row.messages,
    nonFinalIds: row.nonFinalIds,
    versions: row.versions,
    canRedo: row.canRedo,
    state: row.state,
    status: row.status,
    ...(row.status === "failed" && row.failure !== null && { failure: row.failure }),
    title: row.title,
    cursors: {
      ...(row.lastOutEventId === null ? {} : { lastOutEventId: row.lastOutEventId }),
      ...(row.lastInEventId === null ? {} : { lastInEventId: row.lastInEventId }),
    },
    ...(row.nextCursor === null ? {} : { nextCursor: row.nextCursor }),
  };
}
