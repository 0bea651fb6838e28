/** A chat made out of another one. The rows keep their ids, which are unique within a chat only. */
import { randomUUID } from "node:crypto";
import type { Db, DbClient } from "@/lib/db/client";
import { askedInside, isUndecided, requestIdOf, type ToolPart } from "../requests/pending-calls";
import { findNode } from "../tree/branch";
import { pathUp } from "../tree/walk.sql";
import type { ChatMessage } from "../message";
import { isChatId } from "../tree/queries";
import { marked } from "../effects/marks";
import { withRetry } from "@/lib/db/retry";
import { timestamp } from "@/lib/db/timestamp";

export type CopyOptions = {
  chatId: string;
  userId: string;
  /** Copies one branch: the one that ends at `headId` (node or message id), else the shown one. Without it the tree. */
  branch?: { headId?: string };
};

/**
 * Returns the id of the copy, or null when there is no such chat or message. The copy has a session of its own, which
 * begins with what was saved here: it takes over neither cursors nor a run, and nothing that is still being answered.
 */
export function copyChat(db: Db, { chatId, userId, branch }: CopyOptions): Promise<string | null> {
  if (!isChatId(chatId)) return Promise.resolve(null);
  const id = randomUUID();
  const copy = () => db.$transaction(write, { maxWait: 10_000, timeout: 60_000 });
  return withRetry(copy, { doing: `Copying chat ${chatId}` });

  async function write(tx: DbClient): Promise<string | null> {
    // Its own copy, when the answer to the commit was lost on the way and this is the second try.
    if ((await tx.chat.count({ where: { id } })) > 0) return id;
    // Held until the copy is whole, so that no save comes between the chat and its messages.
    const [source] = await tx.$queryRaw<{ headId: string | null }[]>`
        SELECT "headId" FROM "Chat" WHERE id = ${chatId} AND "userId" = ${userId} AND "deletedAt" IS NULL FOR SHARE`;
    if (!source) return null;
    const named = branch?.headId;
    const head = named === undefined ? source.headId : await findNode(tx, chatId, named);
    if (named !== undefined && head === null) return null;

    // The runtime's own record tells of the shown branch, and so fits no other.
    await tx.$executeRaw`
        INSERT INTO "Chat" (id, "userId", title, "titledBy", model, "headId", state, "nextOrder", "lastReadAt", "updatedAt")
        SELECT ${id}, "userId", left(title, 112) || ' (copy)', "titledBy", model, ${head},
          CASE WHEN "headId" = ${head} THEN state END, "nextOrder", now(), ${timestamp(new Date())}
        FROM "Chat" WHERE id = ${chatId}`;
    if (!branch || head === null) {
      await tx.$executeRaw`
          INSERT INTO "Message" ("chatId", id, "messageId", "parentId", role, message, final, "order", seen, "createdAt")
          SELECT ${id}, id, "messageId", "parentId", role, message, final, "order", seen, "createdAt"
          FROM "Message" WHERE "chatId" = ${chatId} AND "removedAt" IS NULL`;
    } else {
      await tx.$executeRaw`
          WITH RECURSIVE ${pathUp(chatId, head)}
          INSERT INTO "Message" ("chatId", id, "messageId", "parentId", role, message, final, "order", seen, "createdAt")
          SELECT ${id}, m.id, m."messageId", m."parentId", m.role, m.message, m.final, m."order", m.seen, m."createdAt"
          FROM path JOIN "Message" m ON m."chatId" = ${chatId} AND m.id = path.id`;
    }
    await settleRequests(tx, chatId, id);
    // Whoever may read the copy may read its files. Of a branch that is too many at worst, and never too few.
    await tx.$executeRaw`
        INSERT INTO "ChatAttachment" ("chatId", "attachmentId")
        SELECT ${id}, "attachmentId" FROM "ChatAttachment" WHERE "chatId" = ${chatId}`;
    return id;
  }
}

const SKIPPED = "Copied before it was decided.";

/**
 * What the chat asks is asked there: the copy has no requests, and so nobody could ever decide a call that waits in it.
 * Such a call is skipped in the copy. Only calls that asked somebody: any other one that did not finish stays as it is.
 */
async function settleRequests(tx: DbClient, chatId: string, copyId: string): Promise<void> {
  const rows = await tx.$queryRaw<{ id: string; message: ChatMessage; calls: string[] }[]>`
    SELECT m.id, m.message, array_agg(r."toolCallId") AS calls
    FROM "Message" m
      CROSS JOIN LATERAL jsonb_array_elements(m.message -> 'parts') part
      JOIN "HumanRequest" r ON r."chatId" = ${chatId} AND r."messageId" = m."messageId"
        AND r."toolCallId" IN (part ->> 'toolCallId', part #>> '{output,asked,toolCallId}')
    WHERE m."chatId" = ${copyId} AND m.role = 'assistant' GROUP BY m.id, m.message, m."chatId"`;
  for (const { id, message, calls } of rows) {
    const parts = message.parts.map((part) =>
      "toolCallId" in part && isUndecided(part) && calls.includes(requestIdOf(part))
        ? (skipped(part) as typeof part)
        : part,
    );
    if (parts.every((part, index) => part === message.parts[index])) continue;
    await tx.$executeRaw`
      UPDATE "Message" SET message = ${JSON.stringify({ ...message, parts })}::jsonb
      WHERE "chatId" = ${copyId} AND id = ${id}`;
  }
}

function skipped(part: ToolPart): unknown {
  if (askedInside(part)) {
    const { messages: _, ...output } = part.output as { messages?: unknown };
    return { ...part, output: { ...output, state: "failed", result: SKIPPED } };
  }
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
