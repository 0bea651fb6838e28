/** Which of several versions was seen last: the one that a switch comes back to. */
import type { DbClient } from "@/lib/db/client";
import { markBranchSeen } from "./tree.sql";

/**
 * Where the branch parts from others, it becomes the one that was seen last. Only down from where it parts from the
 * branch of `fromId`, which was the one until now: both are climbed, whichever is the newer, until they meet.
 */
export async function markSeen(
  tx: DbClient,
  chatId: string,
  headId: string | null,
  fromId: string | null,
): Promise<void> {
  if (headId === null) return;
  const marked = await markBranchSeen(tx, chatId, headId, fromId);
  if (marked > 0) await tx.chat.update({ where: { id: chatId }, data: { nextOrder: { increment: 1 } } });
}
