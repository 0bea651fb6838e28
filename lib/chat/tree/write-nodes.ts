/** What a save changed in the tree, as SQL. */
import type { DbClient } from "@/lib/db/client";
import type { TreeNode, TreeWrites } from "./tree";

export async function writeNodes(
  tx: DbClient,
  chatId: string,
  { inserted, updated, removed }: TreeWrites,
  { ends }: { ends: boolean },
): Promise<void> {
  // Before new rows come: a node that was removed and brought back must keep the children it then gets.
  for (const { node, parentId } of removed) {
    await tx.$executeRaw`UPDATE "Message" SET "parentId" = ${parentId} WHERE "chatId" = ${chatId} AND "parentId" = ${node.id}`;
  }
  if (inserted.length > 0) {
    await tx.$executeRaw`
      INSERT INTO "Message" ("chatId", id, "messageId", "parentId", role, message, final, "order", seen)
      SELECT ${chatId}, v.*, v."order" FROM jsonb_to_recordset(${rows(inserted)}::jsonb)
        AS v(id text, "messageId" text, "parentId" text, role text, message jsonb, final boolean, "order" int)`;
  }
  if (updated.length > 0) {
    // Walking back into a branch puts every message of it again: only what differs is written. What differs when a
    // turn ends is news to its reader; before that it is what the reader decided, or the answer in the making.
    await tx.$executeRaw`
      UPDATE "Message" m SET message = v.message, role = v.role, final = v.final, "removedAt" = NULL,
        "changedAt" = CASE WHEN ${ends} AND m.message <> v.message THEN now() ELSE m."changedAt" END
      FROM jsonb_to_recordset(${rows(updated)}::jsonb) AS v(id text, role text, message jsonb, final boolean)
      WHERE m."chatId" = ${chatId} AND m.id = v.id
        AND (m.message <> v.message OR m.final <> v.final OR m."removedAt" IS NOT NULL)`;
  }
  const gone = removed.flatMap(({ node }) => (node.removed ? [node.id] : []));
  if (gone.length > 0) {
    await tx.$executeRaw`UPDATE "Message" SET "removedAt" = now() WHERE "chatId" = ${chatId} AND id = ANY(${gone})`;
  }
}

function rows(nodes: TreeNode[]): string {
  return JSON.stringify(nodes);
}
