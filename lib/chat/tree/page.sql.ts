/** The statement that reads a page of a branch. */
import { bool, empty, jsonb, orNull, query, sql, text } from "@/lib/db/statement";
import type { StoredMessage } from "../message-versions";
import { branchBelow, pathUp } from "./walk.sql";

/** What the last save said: a turn began, it ended, or it ended in an error. */
export type ChatStatus = "idle" | "running" | "failed";

/** The nodes that stand in one place of the tree, oldest first, at most 200; `nodeId` is the one that is shown. */
export type Versions = { nodeId: string; ids: string[] };

export type PageOptions = {
  limit?: number | undefined;
  /** The page before this message or node. */
  before?: string | undefined;
  /** Another branch than the shown one: through this node, down to the leaf that was last seen under it. */
  through?: string | undefined;
};

const MAX_VERSIONS = 200;

/**
 * One statement, so the messages and the cursors are from the same moment. `LIMIT 1` keeps each lookup by key: without it
 * the planner may read a whole chat to join a page of it.
 */
export const selectPage = query(
  {
    title: orNull(text()),
    status: text<ChatStatus>(),
    failure: orNull(text()),
    state: orNull(jsonb<unknown>()),
    lastOutEventId: orNull(text()),
    lastInEventId: orNull(text()),
    messages: jsonb<StoredMessage[]>(),
    nonFinalIds: jsonb<string[]>(),
    nextCursor: orNull(text()),
    versions: jsonb<Record<string, Versions>>(),
    canRedo: bool(),
  },
  (chatId: string, { limit, before, through }: PageOptions) => {
    const start =
      before !== undefined
        ? sql`
          (SELECT "parentId" AS id FROM "Message"
            WHERE "chatId" = ${chatId} AND "removedAt" IS NULL AND (id = ${before} OR "messageId" = ${before})
            ORDER BY (id = ${before}) DESC, "order" DESC LIMIT 1)`
        : through !== undefined
          ? sql`SELECT id FROM below ORDER BY depth DESC LIMIT 1`
          : sql`SELECT "headId" AS id FROM chat`;
    const depth = limit !== undefined && limit > 0 ? Math.ceil(limit) : undefined;
    return sql`
    WITH RECURSIVE
      chat AS (SELECT * FROM "Chat" WHERE id = ${chatId}),
      ${through === undefined ? empty : sql`${branchBelow(chatId, through)},`}
      start AS (${start}),
      ${pathUp(chatId, sql`(SELECT id FROM start)`, { limit: depth })},
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
  },
  ["a-chat", {}],
  ["a-chat", { limit: 50, before: "a-message" }],
  ["a-chat", { limit: 50, through: "a-node" }],
);
