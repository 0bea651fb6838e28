/** Where a move leads: for each, the node that the shown branch ends at afterwards. Reads, and changes nothing. */
import type { DbClient } from "@/lib/db/client";
import { Prisma } from "@/prisma/generated/client";
import type { ChatMessage } from "../message";
import { BranchError, type BranchMove } from "./branch-actions";
import { asks, branchBelow, pathUp } from "./walk.sql";

/** The leaf after the move; null for the empty start. The same move again finds its work done and leads nowhere else. */
export async function headAfter(
  tx: DbClient,
  chatId: string,
  headId: string | null,
  move: BranchMove,
): Promise<string | null> {
  switch (move.type) {
    case "switch":
      return lastSeenLeaf(tx, chatId, (await requireNode(tx, chatId, move.nodeId)).id);
    case "undo":
      if (headId !== (await idOf(tx, chatId, move.headId))) return headId;
      return beforeLastQuestion(tx, chatId, headId);
    case "redo":
      if (headId !== (await idOf(tx, chatId, move.headId))) return headId;
      return afterNextAnswer(tx, chatId, headId);
    case "continue-from":
      return (await requireNode(tx, chatId, move.nodeId)).id;
  }
}

export type Node = {
  id: string;
  messageId: string;
  parentId: string | null;
  role: string;
  message: ChatMessage;
};

/** The newest node of that id, or with a message of that id: the node ids that a page has not loaded are guessed. */
export async function findNode(tx: DbClient, chatId: string, id: string): Promise<Node | undefined> {
  const [node] = await tx.$queryRaw<Node[]>`
    SELECT id, "messageId", "parentId", role, message FROM "Message"
    WHERE "chatId" = ${chatId} AND (id = ${id} OR "messageId" = ${id}) AND "removedAt" IS NULL
    ORDER BY (id = ${id}) DESC, "order" DESC LIMIT 1`;
  return node;
}

export async function requireNode(tx: DbClient, chatId: string, id: string): Promise<Node> {
  const node = await findNode(tx, chatId, id);
  if (!node) throw new BranchError("message-not-found");
  return node;
}

/** Undefined for a node that is not there, null for the empty start. */
async function idOf(tx: DbClient, chatId: string, id: string | null): Promise<string | null | undefined> {
  return id === null ? null : (await findNode(tx, chatId, id))?.id;
}

/** Down from `nodeId` along the versions that were seen last; `nodeId` itself when nothing hangs below it. */
export async function lastSeenLeaf(tx: DbClient, chatId: string, nodeId: string): Promise<string> {
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
