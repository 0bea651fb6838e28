/** A branch as its nodes, for what needs it whole: a copy, an export, a shared link. */
import type { DbClient } from "@/lib/db/client";
import type { Message } from "@/prisma/generated/client";
import type { ChatMessage } from "../message";
import { readStored, type StoredMessage } from "../message-versions";
import { selectBranchIds, selectNode } from "./tree.sql";

export type BranchNode = Pick<Message, "id" | "parentId" | "final" | "createdAt"> & { message: ChatMessage };

const NODES_PER_READ = 100;

/** The node of that id. A message's own id is understood, too: its newest node is meant. */
export async function findNode(db: DbClient, chatId: string, id: string): Promise<string | null> {
  const [node] = await selectNode(db, chatId, id);
  return node?.id ?? null;
}

/** Oldest first. */
export async function branchIds(
  db: DbClient,
  chatId: string,
  headId: string,
  limit?: number,
): Promise<string[]> {
  const path = await selectBranchIds(db, chatId, headId, limit);
  return path.map(({ id }) => id);
}

/** The nodes of these ids in their order, a few at a time: a long chat never stands in memory whole. */
export async function* readNodes(
  db: DbClient,
  chatId: string,
  ids: string[],
): AsyncGenerator<BranchNode, void, undefined> {
  for (let start = 0; start < ids.length; start += NODES_PER_READ) {
    const wanted = ids.slice(start, start + NODES_PER_READ);
    const rows = await db.message.findMany({
      where: { chatId, id: { in: wanted } },
      select: { id: true, parentId: true, final: true, createdAt: true, message: true },
    });
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const id of wanted) {
      const row = byId.get(id);
      if (row) yield { ...row, message: readStored(row.message as unknown as StoredMessage) };
    }
  }
}
