/**
 * Walking the tree: every function moves the head of a chat, or tells where it would move. Nothing is ever deleted
 * here, so what the head leaves behind can be shown again.
 */
import type { DbClient } from "@/lib/db/client";
import { Prisma } from "@/prisma/generated/client";
import { BranchError, type BranchAction } from "./branch-actions";
import { supersedeRequests } from "../requests/settle";
import type { ChatMessage } from "../message";
import { asks, branchBelow, pathApart, pathUp } from "./walk.sql";

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
    WITH RECURSIVE ${branchBelow(chatId, nodeId)}
    SELECT id FROM below ORDER BY depth DESC LIMIT 1`;
  return leaf?.id ?? nodeId;
}

async function beforeLastQuestion(
  tx: DbClient,
  chatId: string,
  headId: string | null,
): Promise<string | null> {
  if (headId === null) return null;
  const isQuestion = asks(Prisma.sql`path`);
  const [question] = await tx.$queryRaw<{ parentId: string | null }[]>`
    WITH RECURSIVE ${pathUp(chatId, headId, { climbsWhile: Prisma.sql`NOT ${isQuestion}` })}
    SELECT "parentId" FROM path WHERE ${isQuestion} ORDER BY depth LIMIT 1`;
  return question ? question.parentId : headId;
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
    WITH RECURSIVE ${branchBelow(chatId, first.id)}
    SELECT id, asks FROM below ORDER BY depth LIMIT 1000`;
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
