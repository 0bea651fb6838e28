/**
 * Walking the tree: every function moves the head of a chat, or tells where it would move. Nothing is ever deleted
 * here, so what the head leaves behind can be shown again.
 */
import type { DbClient } from "@/lib/db/client";
import { Prisma } from "@/prisma/generated/client";
import { BranchError, type BranchAction } from "./branch-actions";
import { supersedeRequests } from "../requests/decide";
import type { ChatMessage } from "../message";

export type BranchMove = {
  /** The leaf after the move; null for the empty start. */
  headId: string | null;
  /** The question to put behind the new head before it is answered. */
  question?: ChatMessage;
  /** Whether the branch now waits for an answer. */
  asks: boolean;
  /** The id of the answer that is written anew, as the conversation has it. */
  replaces?: string;
};

type Node = { id: string; messageId: string; parentId: string | null; role: string; message: ChatMessage };

/**
 * Carries out `action` in the caller's transaction: the chat's row is locked first, so branch moves and saves are one
 * after the other. The same action again finds its work done and changes nothing.
 *
 * Throws `BranchError` when the chat or the message is not there.
 */
export async function moveBranch(tx: DbClient, chatId: string, action: BranchAction): Promise<BranchMove> {
  const [chat] = await tx.$queryRaw<{ headId: string | null }[]>`
    SELECT "headId" FROM "Chat" WHERE id = ${chatId} FOR UPDATE`;
  if (!chat) throw new BranchError("This chat does not exist any more.");
  const move = await planMove(tx, chatId, chat.headId, action);
  if (move.headId !== chat.headId) {
    await tx.chat.update({ where: { id: chatId }, data: { headId: move.headId } });
    await markSeen(tx, chatId, move.headId, chat.headId);
  }
  if (move.replaces !== undefined) await supersedeRequests(tx, { chatId, messageId: move.replaces });
  if ("actionId" in action && move.asks) {
    await tx.chat.update({ where: { id: chatId }, data: { actionId: action.actionId } });
  }
  return move;
}

async function planMove(
  tx: DbClient,
  chatId: string,
  headId: string | null,
  action: BranchAction,
): Promise<BranchMove> {
  switch (action.type) {
    case "edit": {
      const done = await findNode(tx, chatId, action.newId);
      if (done) {
        const leaf = await lastSeenLeaf(tx, chatId, done.id);
        // A worker that died between the question and the first word of its answer owes that answer still.
        return { headId: leaf, asks: leaf === done.id };
      }
      const node = await requireNode(tx, chatId, action.nodeId);
      if (node.role !== "user") throw new BranchError("Only your own messages can be edited.");
      return { headId: node.parentId, question: edited(node.message, action), asks: true };
    }
    case "regenerate": {
      const node = await requireNode(tx, chatId, action.nodeId);
      const questionId = node.role === "user" ? node.id : node.parentId;
      if (questionId === null)
        throw new BranchError("This message answers no question, so it cannot be answered again.");
      return {
        headId: questionId,
        asks: true,
        ...(node.role === "assistant" && { replaces: node.messageId }),
      };
    }
    case "switch": {
      const node = await requireNode(tx, chatId, action.nodeId);
      return { headId: await lastSeenLeaf(tx, chatId, node.id), asks: false };
    }
    case "undo":
      if (headId !== (await idOf(tx, chatId, action.headId))) return { headId, asks: false };
      return { headId: await beforeLastQuestion(tx, chatId, headId), asks: false };
    case "redo": {
      const from = action.headId === null ? null : await idOf(tx, chatId, action.headId);
      if (headId !== from) return { headId, asks: false };
      return { headId: await afterNextAnswer(tx, chatId, headId), asks: false };
    }
    case "continue-from":
      return { headId: (await requireNode(tx, chatId, action.nodeId)).id, asks: false };
  }
}

function edited(
  original: ChatMessage,
  { newId, text }: Extract<BranchAction, { type: "edit" }>,
): ChatMessage {
  const files = original.parts.filter((part) => part.type === "file");
  return { ...original, id: newId, parts: [...files, { type: "text", text }] };
}

/** The newest node of that id, or with a message of that id: the node ids that a page has not loaded are guessed. */
async function findNode(tx: DbClient, chatId: string, id: string): Promise<Node | undefined> {
  const [node] = await tx.$queryRaw<Node[]>`
    SELECT id, "messageId", "parentId", role, message FROM "Message"
    WHERE "chatId" = ${chatId} AND (id = ${id} OR "messageId" = ${id}) AND "removedAt" IS NULL
    ORDER BY (id = ${id}) DESC, "order" DESC LIMIT 1`;
  return node;
}

async function requireNode(tx: DbClient, chatId: string, id: string): Promise<Node> {
  const node = await findNode(tx, chatId, id);
  if (!node)
    throw new BranchError("This message is not part of this chat any more. Reload the page to see what is.");
  return node;
}

async function idOf(tx: DbClient, chatId: string, id: string): Promise<string | undefined> {
  return (await findNode(tx, chatId, id))?.id;
}

/** Down from `nodeId` along the versions that were seen last; `nodeId` itself when nothing hangs below it. */
async function lastSeenLeaf(tx: DbClient, chatId: string, nodeId: string): Promise<string> {
  const [leaf] = await tx.$queryRaw<{ id: string }[]>`
    WITH RECURSIVE down AS (${downFrom(chatId, nodeId)})
    SELECT id FROM down ORDER BY depth DESC LIMIT 1`;
  return leaf?.id ?? nodeId;
}

/** For a `WITH RECURSIVE down AS`: the branch below a node, one row per step, `nodeId` first at depth 0. */
export function downFrom(chatId: string, nodeId: string | Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT id, ${asks(Prisma.sql`m`)} AS asks, 0 AS depth
      FROM "Message" m WHERE "chatId" = ${chatId} AND id = ${nodeId}
    UNION ALL
    SELECT child.id, child.asks, down.depth + 1 FROM down, LATERAL (
      SELECT id, ${asks(Prisma.sql`m`)} AS asks FROM "Message" m
      WHERE "chatId" = ${chatId} AND "parentId" = down.id AND "removedAt" IS NULL
      ORDER BY seen DESC, "order" DESC LIMIT 1
    ) child`;
}

async function beforeLastQuestion(
  tx: DbClient,
  chatId: string,
  headId: string | null,
): Promise<string | null> {
  const [question] = await tx.$queryRaw<{ parentId: string | null }[]>`
    WITH RECURSIVE up AS (
      SELECT id, "parentId", ${asks(Prisma.sql`m`)} AS asks, 0 AS depth
        FROM "Message" m WHERE "chatId" = ${chatId} AND id = ${headId}
      UNION ALL
      SELECT m.id, m."parentId", ${asks(Prisma.sql`m`)}, up.depth + 1
        FROM up JOIN "Message" m ON m."chatId" = ${chatId} AND m.id = up."parentId" WHERE NOT up.asks
    )
    SELECT "parentId" FROM up WHERE asks ORDER BY depth LIMIT 1`;
  return question ? question.parentId : headId;
}

/**
 * A question begins an exchange; what was said into a running answer belongs to the one it was said in. There it stands
 * behind what the answer had been asked. What came too late for that is a question like any other.
 */
function asks(alias: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(${alias}.role = 'user' AND (${alias}."messageId" NOT LIKE 'steer-%' OR NOT EXISTS (
    SELECT 1 FROM "Message" above
    WHERE above."chatId" = ${alias}."chatId" AND above.id = ${alias}."parentId" AND above.role = 'user'
  )))`;
}

/** One question further, and the answer that was last seen to it. */
async function afterNextAnswer(tx: DbClient, chatId: string, headId: string | null): Promise<string | null> {
  const [first] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM "Message"
    WHERE "chatId" = ${chatId} AND "removedAt" IS NULL
      AND ${headId === null ? Prisma.sql`"parentId" IS NULL` : Prisma.sql`"parentId" = ${headId}`}
    ORDER BY seen DESC, "order" DESC LIMIT 1`;
  if (!first) return headId;
  const steps = await tx.$queryRaw<{ id: string; asks: boolean }[]>`
    WITH RECURSIVE down AS (${downFrom(chatId, first.id)})
    SELECT id, asks FROM down ORDER BY depth LIMIT 1000`;
  const next = steps.findIndex((step, index) => index > 0 && step.asks);
  return steps.at(next === -1 ? steps.length - 1 : next - 1)?.id ?? headId;
}

/**
 * Where the branch parts from others, it becomes the one that was seen last. Only down from where it parts from the
 * branch of `fromId`, which was the one until now: both are climbed, whichever is the newer, until they meet.
 */
async function markSeen(
  tx: DbClient,
  chatId: string,
  headId: string | null,
  fromId: string | null,
): Promise<void> {
  if (headId === null) return;
  const marked = await tx.$executeRaw`
    WITH RECURSIVE up AS (
      SELECT m.id, m."parentId", m."order", f.id AS "fromId", f."parentId" AS "fromParentId", f."order" AS "fromOrder"
        FROM "Message" m LEFT JOIN "Message" f ON f."chatId" = m."chatId" AND f.id = ${fromId}
        WHERE m."chatId" = ${chatId} AND m.id = ${headId}
      UNION ALL
      SELECT
        CASE WHEN climbs THEN next.id ELSE up.id END,
        CASE WHEN climbs THEN next."parentId" ELSE up."parentId" END,
        CASE WHEN climbs THEN next."order" ELSE up."order" END,
        CASE WHEN climbs THEN up."fromId" ELSE next.id END,
        CASE WHEN climbs THEN up."fromParentId" ELSE next."parentId" END,
        CASE WHEN climbs THEN up."fromOrder" ELSE next."order" END
      FROM up
        CROSS JOIN LATERAL (SELECT up."fromId" IS NULL OR up."order" > up."fromOrder" AS climbs) newer
        LEFT JOIN LATERAL (
          SELECT id, "parentId", "order" FROM "Message"
          WHERE "chatId" = ${chatId} AND id = CASE WHEN climbs THEN up."parentId" ELSE up."fromParentId" END LIMIT 1
        ) next ON true
      WHERE up.id IS DISTINCT FROM up."fromId" AND (next.id IS NOT NULL OR NOT climbs)
    )
    UPDATE "Message" m SET seen = chat."nextOrder"
    FROM (SELECT DISTINCT id FROM up) up, "Chat" chat
    WHERE m."chatId" = ${chatId} AND m.id = up.id AND chat.id = ${chatId}
      AND (
        EXISTS (SELECT 1 FROM "Message" s WHERE s."chatId" = ${chatId} AND s."parentId" = m."parentId" AND s.seen > m.seen)
        OR (m."parentId" IS NULL AND EXISTS (
          SELECT 1 FROM "Message" s WHERE s."chatId" = ${chatId} AND s."parentId" IS NULL AND s.seen > m.seen
        ))
      )`;
  if (marked > 0) await tx.chat.update({ where: { id: chatId }, data: { nextOrder: { increment: 1 } } });
}

/** Where a link to a message leads: its id in the conversation, and whether its branch is the shown one. */
export async function findOpening(
  db: DbClient,
  chatId: string,
  nodeId: string,
): Promise<{ nodeId: string; messageId: string; isShown: boolean } | null> {
  if (!/^\P{Cc}{1,128}$/u.test(nodeId)) return null;
  const [found] = await db.$queryRaw<{ messageId: string; isShown: boolean }[]>`
    WITH RECURSIVE up AS (
      SELECT m.id, m."parentId", m."order" FROM "Chat" c JOIN "Message" m ON m."chatId" = c.id AND m.id = c."headId"
        WHERE c.id = ${chatId}
      UNION ALL
      SELECT next.* FROM up, LATERAL (
        SELECT id, "parentId", "order" FROM "Message" WHERE "chatId" = ${chatId} AND id = up."parentId" LIMIT 1
      ) next
      -- A parent is older than its children, so the walk ends where the message would have to be.
      WHERE up."order" > (SELECT "order" FROM "Message" WHERE "chatId" = ${chatId} AND id = ${nodeId})
    )
    SELECT "messageId", EXISTS (SELECT 1 FROM up WHERE up.id = ${nodeId}) AS "isShown"
    FROM "Message" WHERE "chatId" = ${chatId} AND id = ${nodeId} AND "removedAt" IS NULL`;
  return found ? { nodeId, ...found } : null;
}
