/** The few nodes of a tree that one save needs. */
import type { DbClient } from "@/lib/db/client";
import { sanitise } from "../message";
import type { Changeset, LockedChat } from "./changeset";
import type { Tree, TreeNode } from "./tree";
import { selectNodes, selectNodesUp } from "./tree.sql";

export async function loadNodes(
  tx: DbClient,
  chatId: string,
  chat: Pick<LockedChat, "headId" | "nextOrder">,
  changeset: Changeset,
): Promise<Tree> {
  const { changes } = changeset;
  const tree: Tree = { nodes: new Map(), headId: chat.headId, nextOrder: chat.nextOrder };
  const ids = touchedIds(changeset);
  if (ids.length === 0) return tree;

  const nodeIds = chat.headId === null ? ids : [...ids, chat.headId];
  const known = await selectNodes(tx, chatId, { messageIds: ids, nodeIds });
  addNodes(tree, known);

  // Anything known but the head raises the question whether it is on the shown branch. A parent is always older than
  // its children, so the walk up ends at the oldest node in question.
  const others = known.filter((node) => node.id !== chat.headId && !node.removed);
  const removes = changes.some((change) => change.op === "remove");
  if (chat.headId !== null && (others.length > 0 || removes)) {
    const oldest = removes ? -1 : Math.min(...others.map((node) => node.order));
    addNodes(tree, await selectNodesUp(tx, chatId, chat.headId, oldest));
  }
  return tree;
}

type NodeRow = Omit<TreeNode, "message">;

function addNodes(tree: Tree, rows: NodeRow[]): void {
  for (const row of rows) if (!tree.nodes.has(row.id)) tree.nodes.set(row.id, { ...row, message: null });
}

function touchedIds(changeset: Changeset): string[] {
  const predecessor = predecessors(changeset);
  const ids = changeset.changes.flatMap((change) => {
    switch (change.op) {
      case "put":
        return [change.message.id, predecessor(change.message.id)];
      case "truncateAfter":
        return [change.afterId];
      case "remove":
        return [change.id];
      case "state":
        return [];
    }
  });
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** The writer's own view of the order, which tells where its messages belong when another run saved in between. */
export function predecessors({ transcript }: Changeset): (messageId: string) => string | undefined {
  let before: Map<string, string> | undefined;
  return (messageId) => {
    const entries = transcript?.entries ?? [];
    before ??= new Map(
      entries.slice(1).map((entry, index) => [sanitise(entry.id), sanitise(entries[index]?.id ?? "")]),
    );
    return before.get(messageId);
  };
}
