/** Writes what a save changed in the tree. */
import type { DbClient } from "@/lib/db/client";
import type { TreeWrites } from "./tree";
import { insertNodes, moveChildren, removeNodes, updateNodes } from "./tree.sql";

export async function writeNodes(
  tx: DbClient,
  chatId: string,
  { inserted, updated, removed }: TreeWrites,
  { ends }: { ends: boolean },
): Promise<void> {
  // First, because a node that was removed and brought back must keep the children that it gets below.
  for (const { node, parentId } of removed) await moveChildren(tx, chatId, node.id, parentId);
  if (inserted.length > 0) await insertNodes(tx, chatId, inserted);
  if (updated.length > 0) await updateNodes(tx, chatId, updated, { ends });
  const gone = removed.flatMap(({ node }) => (node.removed ? [node.id] : []));
  if (gone.length > 0) await removeNodes(tx, chatId, gone);
}
