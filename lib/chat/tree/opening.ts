/** Opens a chat at a message that a link names. */
import type { DbClient } from "@/lib/db/client";
import { selectOpening } from "./tree.sql";

/** Where a link to a message leads: its id in the conversation, and whether its branch is the shown one. */
export async function findOpening(
  db: DbClient,
  chatId: string,
  nodeId: string,
): Promise<{ nodeId: string; messageId: string; isShown: boolean } | null> {
  if (!/^\P{Cc}{1,128}$/u.test(nodeId)) return null;
  const [found] = await selectOpening(db, chatId, nodeId);
  return found ? { nodeId, ...found } : null;
}
