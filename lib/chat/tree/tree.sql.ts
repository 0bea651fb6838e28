/** Statements about a chat's tree: finding nodes and heads, and writing what a save changed. */
import {
  bool,
  command,
  integer,
  jsonb,
  orNull,
  query,
  sql,
  text,
  timestamp,
  type Sql,
} from "@/lib/db/statement";
import { toStored, type StoredMessage } from "../message-versions";
import type { ChatStatus } from "./page.sql";
import type { TreeNode } from "./tree";
import { asks, branchBelow, pathApart, pathUp } from "./walk.sql";

// ── The chat's row ──

export const lockChatForSave = query(
  {
    headId: orNull(text()),
    title: orNull(text()),
    status: text(),
    lastOutEventId: orNull(text()),
    lastInEventId: orNull(text()),
    nextOrder: integer(),
    runId: orNull(text()),
    runCreatedAt: orNull(timestamp()),
  },
  (chatId: string) => sql`
    SELECT "headId", title, status, "lastOutEventId", "lastInEventId", "nextOrder", "runId", "runCreatedAt"
    FROM "Chat" WHERE id = ${chatId} FOR UPDATE`,
  ["a-chat"],
);

export const lockChatForMove = query(
  { headId: orNull(text()), status: text<ChatStatus>(), userId: text() },
  (chatId: string) => sql`
    SELECT "headId", status, "userId" FROM "Chat" WHERE id = ${chatId} AND "deletedAt" IS NULL FOR UPDATE`,
  ["a-chat"],
);

/** For a transaction that changes the requests of a chat. */
export const lockChatRow = query(
  { id: text() },
  (chatId: string) => sql`SELECT id FROM "Chat" WHERE id = ${chatId} FOR UPDATE`,
  ["a-chat"],
);

// ── Finding nodes ──

/** The node of that id, or the newest node with a message of that id: pages don't know the ids of unloaded nodes. */
export const selectNode = query(
  {
    id: text(),
    messageId: text(),
    parentId: orNull(text()),
    role: text(),
    message: jsonb<StoredMessage>(),
  },
  (chatId: string, id: string) => sql`
    SELECT id, "messageId", "parentId", role, message FROM "Message"
    WHERE "chatId" = ${chatId} AND (id = ${id} OR "messageId" = ${id}) AND "removedAt" IS NULL
    ORDER BY (id = ${id}) DESC, "order" DESC LIMIT 1`,
  ["a-chat", "a-node"],
);

/** The ids of a branch, oldest first. */
export const selectBranchIds = query(
  { id: text() },
  (chatId: string, headId: string, limit?: number) => sql`
    WITH RECURSIVE ${pathUp(chatId, headId, { limit })} SELECT id FROM path ORDER BY depth DESC`,
  ["a-chat", "a-node"],
  ["a-chat", "a-node", 100],
);

export const selectLeafBelow = query(
  { id: text() },
  (chatId: string, nodeId: string) => sql`
    WITH RECURSIVE ${branchBelow(chatId, nodeId)}
    SELECT id FROM below ORDER BY depth DESC LIMIT 1`,
  ["a-chat", "a-node"],
);

export const selectStepsBelow = query(
  { id: text(), asks: bool() },
  (chatId: string, nodeId: string) => sql`
    WITH RECURSIVE ${branchBelow(chatId, nodeId)}
    SELECT id, asks FROM below ORDER BY depth LIMIT 1000`,
  ["a-chat", "a-node"],
);

/** The child that was shown last; of the empty start, the first message that was. */
export const selectLastSeenChild = query(
  { id: text() },
  (chatId: string, parentId: string | null) => sql`
    SELECT id FROM "Message"
    WHERE "chatId" = ${chatId} AND "removedAt" IS NULL
      AND ${parentId === null ? sql`"parentId" IS NULL` : sql`"parentId" = ${parentId}`}
    ORDER BY seen DESC, "order" DESC LIMIT 1`,
  ["a-chat", null],
  ["a-chat", "a-node"],
);

const isQuestion = asks(sql`path`);

/** The parent of the last question on the branch. */
export const selectParentOfQuestion = query(
  { parentId: orNull(text()) },
  (chatId: string, headId: string) => sql`
    WITH RECURSIVE ${pathUp(chatId, headId, { climbsWhile: sql`NOT ${isQuestion}` })}
    SELECT "parentId" FROM path WHERE ${isQuestion} ORDER BY depth LIMIT 1`,
  ["a-chat", "a-node"],
);

export const selectOpening = query(
  { messageId: text(), isShown: bool() },
  (chatId: string, nodeId: string) => {
    // A parent is older than its children, so the climb ends where the message would have to be.
    const climbsWhile = sql`
      path."order" > (SELECT "order" FROM "Message" WHERE "chatId" = ${chatId} AND id = ${nodeId})`;
    return sql`
      WITH RECURSIVE ${pathUp(chatId, sql`(SELECT "headId" FROM "Chat" WHERE id = ${chatId})`, { climbsWhile })}
      SELECT "messageId", EXISTS (SELECT 1 FROM path WHERE path.id = ${nodeId}) AS "isShown"
      FROM "Message" WHERE "chatId" = ${chatId} AND id = ${nodeId} AND "removedAt" IS NULL`;
  },
  ["a-chat", "a-node"],
);

const nodeColumns = {
  id: text(),
  messageId: text(),
  parentId: orNull(text()),
  role: text(),
  final: bool(),
  order: integer(),
  removed: bool(),
};

const node: Sql = sql`
  m.id, m."messageId", m."parentId", m.role, m.final, m."order", m."removedAt" IS NOT NULL AS removed`;

/** Two index lookups: with one condition and OR, PostgreSQL scans a table that was not analyzed. */
export const selectNodes = query(
  nodeColumns,
  (chatId: string, { messageIds, nodeIds }: { messageIds: string[]; nodeIds: string[] }) => sql`
    SELECT ${node} FROM "Message" m WHERE m."chatId" = ${chatId} AND m."messageId" = ANY(${messageIds})
    UNION
    SELECT ${node} FROM "Message" m WHERE m."chatId" = ${chatId} AND m.id = ANY(${nodeIds})
    ORDER BY "order"`,
  ["a-chat", { messageIds: ["a-message"], nodeIds: ["a-node"] }],
);

/** The nodes of the branch, up to the first one that is not newer than `oldest`. */
export const selectNodesUp = query(
  nodeColumns,
  (chatId: string, headId: string, oldest: number) => sql`
    WITH RECURSIVE ${pathUp(chatId, headId, { climbsWhile: sql`path."order" > ${oldest}` })}
    SELECT ${node} FROM path m`,
  ["a-chat", "a-node", 1],
);

// ── Writing ──

export const moveChildren = command(
  (chatId: string, from: string, to: string | null) => sql`
    UPDATE "Message" SET "parentId" = ${to} WHERE "chatId" = ${chatId} AND "parentId" = ${from}`,
  ["a-chat", "a-node", null],
);

const aNode: TreeNode = {
  id: "a-node",
  messageId: "a-message",
  parentId: null,
  role: "user",
  message: null,
  final: true,
  order: 1,
  removed: false,
};

function asJson(nodes: TreeNode[]): string {
  return JSON.stringify(nodes.map((node) => ({ ...node, message: node.message && toStored(node.message) })));
}

export const insertNodes = command(
  (chatId: string, nodes: TreeNode[]) => sql`
    INSERT INTO "Message" ("chatId", id, "messageId", "parentId", role, message, final, "order", seen)
    SELECT ${chatId}, v.*, v."order" FROM jsonb_to_recordset(${asJson(nodes)}::jsonb)
      AS v(id text, "messageId" text, "parentId" text, role text, message jsonb, final boolean, "order" int)`,
  ["a-chat", [aNode]],
);

/**
 * Writes only nodes that differ, because a move back into a branch puts every message of it again. `ends`: a difference
 * at the end of a turn marks the message as changed for its reader.
 */
export const updateNodes = command(
  (chatId: string, nodes: TreeNode[], { ends }: { ends: boolean }) => sql`
    UPDATE "Message" m SET message = v.message, role = v.role, final = v.final, "removedAt" = NULL,
      "changedAt" = CASE WHEN ${ends} AND m.message <> v.message THEN now() ELSE m."changedAt" END
    FROM jsonb_to_recordset(${asJson(nodes)}::jsonb) AS v(id text, role text, message jsonb, final boolean)
    WHERE m."chatId" = ${chatId} AND m.id = v.id
      AND (m.message <> v.message OR m.final <> v.final OR m."removedAt" IS NOT NULL)`,
  ["a-chat", [aNode], { ends: true }],
);

export const removeNodes = command(
  (chatId: string, ids: string[]) => sql`
    UPDATE "Message" SET "removedAt" = now() WHERE "chatId" = ${chatId} AND id = ANY(${ids})`,
  ["a-chat", ["a-node"]],
);

/** Makes the branch the one that was shown last, from where it leaves the branch of `fromId`. */
export const markBranchSeen = command(
  (chatId: string, headId: string, fromId: string | null) => sql`
    WITH RECURSIVE ${pathApart(chatId, headId, fromId)}
    UPDATE "Message" m SET seen = chat."nextOrder"
    FROM (SELECT DISTINCT id FROM apart) apart, "Chat" chat
    WHERE m."chatId" = ${chatId} AND m.id = apart.id AND chat.id = ${chatId}
      AND (
        EXISTS (SELECT 1 FROM "Message" s WHERE s."chatId" = ${chatId} AND s."parentId" = m."parentId" AND s.seen > m.seen)
        OR (m."parentId" IS NULL AND EXISTS (
          SELECT 1 FROM "Message" s WHERE s."chatId" = ${chatId} AND s."parentId" IS NULL AND s.seen > m.seen
        ))
      )`,
  ["a-chat", "a-node", null],
);
