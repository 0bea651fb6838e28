/** Duplicates a chat. The rows keep their ids, which are unique within a chat only. */
import { randomUUID } from "node:crypto";
import type { Db, DbClient } from "@/lib/db/client";
import {
  isUndecided,
  nestedRequestsOf,
  requestIdsOf,
  type ToolPart,
  withoutNestedRequests,
} from "../requests/pending-calls";
import { findNode } from "../tree/branch";
import { isChatId } from "../tree/queries";
import { marked } from "../effects/marks";
import { readStored } from "../message-versions";
import { withRetry } from "@/lib/db/retry";
import {
  copyBranch,
  copyChatRow,
  copyFileRights,
  copyTree,
  holdChat,
  replaceMessage,
  selectAskingMessages,
} from "./chats.sql";

export type CopyOptions = {
  chatId: string;
  userId: string;
  /** Copies one branch, not the whole tree: the one that ends at `headId` (node or message id), or the shown one. */
  branch?: { headId?: string };
};

/**
 * Returns the id of the copy, or null when there is no such chat or message. The copy has a session of its own that
 * starts from the saved messages: it gets no cursors, no run, and no answer that is still being written.
 */
export function copyChat(db: Db, { chatId, userId, branch }: CopyOptions): Promise<string | null> {
  if (!isChatId(chatId)) return Promise.resolve(null);
  const id = randomUUID();
  const work = () => db.$transaction(write, { maxWait: 10_000, timeout: 60_000 });
  return withRetry(work, { doing: `Copying chat ${chatId}` });

  async function write(tx: DbClient): Promise<string | null> {
    // An earlier try committed, and its connection broke before the result arrived.
    if ((await tx.chat.count({ where: { id } })) > 0) return id;
    const [source] = await holdChat(tx, { chatId, userId });
    if (!source) return null;
    const named = branch?.headId;
    const head = named === undefined ? source.headId : await findNode(tx, chatId, named);
    if (named !== undefined && head === null) return null;

    const copy = { copyId: id, chatId, headId: head };
    await copyChatRow(tx, copy, new Date());
    if (!branch || head === null) await copyTree(tx, copy);
    else await copyBranch(tx, { ...copy, headId: head });
    await skipPendingCalls(tx, copy);
    await copyFileRights(tx, copy);
    return id;
  }
}

const SKIPPED = "Copied before it was decided.";

/**
 * Skips the calls that are still undecided in the copy: the copy has no requests, so a person could never decide them.
 * Only calls with a request in the original; any other unfinished call stays as it is.
 */
async function skipPendingCalls(
  tx: DbClient,
  copy: { copyId: string; chatId: string; headId: string | null },
) {
  for (const { id, message: stored, calls } of await selectAskingMessages(tx, copy)) {
    const message = readStored(stored);
    const parts = message.parts.map((part) =>
      "toolCallId" in part && isUndecided(part) && requestIdsOf(part).some((id) => calls.includes(id))
        ? (skipped(part) as typeof part)
        : part,
    );
    if (parts.every((part, index) => part === message.parts[index])) continue;
    await replaceMessage(tx, copy.copyId, id, { ...message, parts });
  }
}

function skipped(part: ToolPart): unknown {
  if (nestedRequestsOf(part).length > 0) return withoutNestedRequests(part, SKIPPED);
  if (!part.approval)
    return {
      ...part,
      state: "output-available",
      output: marked("unanswered", { skipped: true, note: SKIPPED }),
    };
  return {
    ...part,
    state: "output-denied",
    approval: { ...part.approval, approved: false, reason: SKIPPED },
  };
}
