/** Where a move leads: for each, the node that the shown branch ends at afterwards. Reads, and changes nothing. */
import type { DbClient } from "@/lib/db/client";
import type { ChatMessage } from "../message";
import { readStored } from "../message-versions";
import { BranchError, type BranchMove } from "./branch-actions";
import {
  selectLastSeenChild,
  selectLeafBelow,
  selectNode,
  selectParentOfQuestion,
  selectStepsBelow,
} from "./tree.sql";

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
  const [node] = await selectNode(tx, chatId, id);
  return node && { ...node, message: readStored(node.message) };
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
  const [leaf] = await selectLeafBelow(tx, chatId, nodeId);
  return leaf?.id ?? nodeId;
}

async function beforeLastQuestion(
  tx: DbClient,
  chatId: string,
  headId: string | null,
): Promise<string | null> {
  if (headId === null) return null;
  const [question] = await selectParentOfQuestion(tx, chatId, headId);
  return question ? question.parentId : headId;
}

/** One question further, and the answer that was last seen to it. */
async function afterNextAnswer(tx: DbClient, chatId: string, headId: string | null): Promise<string | null> {
  const [first] = await selectLastSeenChild(tx, chatId, headId);
  if (!first) return headId;
  const steps = await selectStepsBelow(tx, chatId, first.id);
  const next = steps.findIndex((step, index) => index > 0 && step.asks);
  return steps.at(next === -1 ? steps.length - 1 : next - 1)?.id ?? headId;
}
