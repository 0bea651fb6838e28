/**
 * Moving the head of a chat. The chat's row is locked first, so moves, actions and saves come one after the other.
 * Nothing is ever deleted here, so what the head leaves behind can be shown again.
 */
import type { Db, DbClient } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import type { ChatMessage } from "../message";
import { supersedeRequests } from "../requests/settle";
import { BranchError, type BranchAction, type BranchMove } from "./branch-actions";
import { findNode, headAfter, lastSeenLeaf, requireNode } from "./heads";
import { isChatId, loadTranscript, type ChatStatus, type Transcript } from "./queries";
import { markSeen } from "./seen";
import { lockChatForMove } from "./tree.sql";

type LockedChat = { headId: string | null; status: ChatStatus; userId: string };

/**
 * Carries out a reader's move, and returns what is shown then. A run that lives needs not be told: it reads the branch
 * anew at its next turn (`context.ts`).
 *
 * Throws `BranchError`: for a chat that is not the reader's as for one that is not there; for a message that is not
 * there; and while an answer is being written, which belongs to the branch that is shown.
 */
export async function moveBranch(
  db: Db,
  { chatId, userId }: { chatId: string; userId: string },
  move: BranchMove,
): Promise<Transcript> {
  if (!isChatId(chatId)) throw new BranchError("chat-not-found");
  const moveOnce = async (tx: DbClient) => {
    const chat = await lockChat(tx, chatId);
    if (chat.userId !== userId) throw new BranchError("chat-not-found");
    if (chat.status === "running") throw new BranchError("answer-running");
    const headId = await headAfter(tx, chatId, chat.headId, move);
    await setHead(tx, chatId, chat.headId, headId);
    // A failure is about the branch that was left.
    if (headId !== chat.headId)
      await tx.chat.update({ where: { id: chatId }, data: { status: "idle", failure: null } });
    return (await loadTranscript(tx, chatId))!;
  };
  // The same move again changes nothing, should only the answer to its commit have been lost.
  return withRetry(() => db.$transaction(moveOnce), { doing: `Moving in chat ${chatId}` });
}

export type AppliedAction = {
  /** The question to put behind the head before it is answered. */
  question?: ChatMessage;
  /** Whether the branch now waits for an answer. */
  asks: boolean;
};

/**
 * Moves the head to where an edit or a regenerate asks, in the caller's transaction. The chat counts as running from
 * then on. The same action again finds its work done.
 */
export async function applyBranchAction(
  tx: DbClient,
  chatId: string,
  action: BranchAction,
): Promise<AppliedAction> {
  const { headId } = await lockChat(tx, chatId);
  const { headId: next, replaces, ...applied } = await planAction(tx, chatId, action);
  await setHead(tx, chatId, headId, next);
  if (replaces !== undefined) await supersedeRequests(tx, { chatId, messageId: replaces });
  if (applied.asks)
    await tx.chat.update({ where: { id: chatId }, data: { actionId: action.actionId, status: "running" } });
  return applied;
}

/** Shows the branch that ends at this message, in the caller's transaction, for an answer that continues it. */
export async function continueBranch(tx: DbClient, chatId: string, messageId: string): Promise<void> {
  const { headId } = await lockChat(tx, chatId);
  await setHead(tx, chatId, headId, (await requireNode(tx, chatId, messageId)).id);
  await tx.chat.update({ where: { id: chatId }, data: { status: "running" } });
}

async function planAction(
  tx: DbClient,
  chatId: string,
  action: BranchAction,
): Promise<AppliedAction & { headId: string | null; replaces?: string }> {
  switch (action.type) {
    case "edit": {
      const done = await findNode(tx, chatId, action.newId);
      if (done) {
        const leaf = await lastSeenLeaf(tx, chatId, done.id);
        // A worker that died between the question and the first word of its answer owes that answer still.
        return { headId: leaf, asks: leaf === done.id };
      }
      const node = await requireNode(tx, chatId, action.nodeId);
      if (node.role !== "user") throw new BranchError("not-a-question");
      return { headId: node.parentId, question: edited(node.message, action), asks: true };
    }
    case "regenerate": {
      const node = await requireNode(tx, chatId, action.nodeId);
      const questionId = node.role === "user" ? node.id : node.parentId;
      if (questionId === null) throw new BranchError("no-question");
      return {
        headId: questionId,
        asks: true,
        ...(node.role === "assistant" && { replaces: node.messageId }),
      };
    }
  }
}

function edited(
  original: ChatMessage,
  { newId, text }: Extract<BranchAction, { type: "edit" }>,
): ChatMessage {
  const files = original.parts.filter((part) => part.type === "file");
  return { ...original, id: newId, parts: [...files, { type: "text", text }] };
}

async function lockChat(tx: DbClient, chatId: string): Promise<LockedChat> {
  const [chat] = await lockChatForMove(tx, chatId);
  if (!chat) throw new BranchError("chat-not-found");
  return chat;
}

async function setHead(tx: DbClient, chatId: string, from: string | null, to: string | null): Promise<void> {
  if (to === from) return;
  await tx.chat.update({ where: { id: chatId }, data: { headId: to } });
  await markSeen(tx, chatId, to, from);
}
