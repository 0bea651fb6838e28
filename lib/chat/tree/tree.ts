/**
 * The conversation as a tree. A rollback moves the head and keeps the nodes, so what it left behind is a branch.
 * Pure: it knows no database, and works as well on the few nodes of a tree that one save needs.
 */
import type { UIMessage } from "ai";
import type { TranscriptChange } from "@trigger.dev/sdk/ai";

export type TreeNode = {
  id: string;
  /** Usually equal to `id`; differs when the same message stands in more than one branch. */
  messageId: string;
  parentId: string | null;
  role: string;
  /** Null when the content was not loaded and has not changed. */
  message: UIMessage | null;
  /** False for the partial answer of a turn that failed or was stopped. */
  final: boolean;
  /** Position among all nodes of the chat, given once. A parent's is always lower than its children's. */
  order: number;
  removed: boolean;
};

export type Tree = { nodes: Map<string, TreeNode>; headId: string | null; nextOrder: number };

/** What changed, in the order in which a database has to be told. */
export type TreeWrites = {
  inserted: TreeNode[];
  updated: TreeNode[];
  /** The node left its place and its children moved up to `parentId`; a later change may have brought it back. */
  removed: { node: TreeNode; parentId: string | null }[];
};

export type ApplyOptions = {
  /** Makes the id of a node whose message id is taken. */
  newId?: () => string;
  /** The message that the writer sees before this one. */
  predecessor?: (messageId: string) => string | undefined;
  /**
   * Whether the save may make a partial message whole, as the end of its turn does. Otherwise the writer only puts
   * its history again, and in a history every message counts as whole. True unless told.
   */
  finishes?: boolean;
};

export function emptyTree(): Tree {
  return { nodes: new Map(), headId: null, nextOrder: 0 };
}

/** The branch that ends at `headId`, from its root. */
export function path(tree: Tree, headId: string | null = tree.headId): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let node = lookup(tree, headId); node; node = lookup(tree, node.parentId)) nodes.push(node);
  return nodes.reverse();
}

/** The node and its alternatives, oldest first. */
export function siblings(tree: Tree, id: string): TreeNode[] {
  const parentId = tree.nodes.get(id)?.parentId;
  return [...tree.nodes.values()]
    .filter((node) => node.parentId === parentId && !node.removed)
    .sort((a, b) => a.order - b.order);
}

/** Applies one save. Applying it twice is the same as applying it once. */
export function applyChanges(
  tree: Tree,
  changes: readonly TranscriptChange[],
  options: ApplyOptions = {},
): TreeWrites {
  const inserted = new Map<string, TreeNode>();
  const updated = new Map<string, TreeNode>();
  const removed: TreeWrites["removed"] = [];
  for (const [index, change] of changes.entries()) {
    switch (change.op) {
      case "put": {
        const { node, isNew } = put(tree, change.message, change.final ?? true, options);
        if (isNew) inserted.set(node.id, node);
        else if (!inserted.has(node.id)) updated.set(node.id, node);
        break;
      }
      case "truncateAfter":
        tree.headId = onPath(tree, change.afterId)?.id ?? tree.headId;
        break;
      case "remove": {
        const node = onPath(tree, change.id);
        if (!node) break;
        // Every message goes: what the runtime sends when the first one is replaced. That is a new root, no removal.
        const going = removedIds(changes.slice(index));
        if (path(tree).every((shown) => going.has(shown.messageId))) {
          tree.headId = null;
          break;
        }
        removed.push({ node, parentId: node.parentId });
        remove(tree, node);
        break;
      }
      case "state":
        break;
    }
  }
  return { inserted: [...inserted.values()], updated: [...updated.values()], removed };
}

function removedIds(changes: readonly TranscriptChange[]): Set<string> {
  return new Set(changes.flatMap((change) => (change.op === "remove" ? [change.id] : [])));
}

function put(
  tree: Tree,
  message: UIMessage,
  final: boolean,
  options: ApplyOptions,
): { node: TreeNode; isNew: boolean } {
  const finalOf = (node: TreeNode) => final && (node.final || options.finishes !== false);
  const active = onPath(tree, message.id);
  if (active) return { node: replace(active, message, finalOf(active)), isNew: false };

  moveBehindPredecessor(tree, message.id, options);
  const known = withMessageId(tree, message.id).find(
    (node) => node.parentId === tree.headId && node.role === message.role,
  );
  if (known) {
    known.removed = false;
    tree.headId = known.id;
    return { node: replace(known, message, finalOf(known)), isNew: false };
  }
  const node: TreeNode = {
    id: tree.nodes.has(message.id) ? (options.newId ?? (() => crypto.randomUUID()))() : message.id,
    messageId: message.id,
    parentId: tree.headId,
    role: message.role,
    message,
    final,
    order: tree.nextOrder++,
    removed: false,
  };
  tree.nodes.set(node.id, node);
  tree.headId = node.id;
  return { node, isNew: true };
}

/** Somebody else has written since the writer looked: its message goes where the writer saw it, as a branch. */
function moveBehindPredecessor(tree: Tree, messageId: string, options: ApplyOptions): void {
  const expected = options.predecessor?.(messageId);
  if (expected === undefined || lookup(tree, tree.headId)?.messageId === expected) return;
  const node =
    onPath(tree, expected) ?? withMessageId(tree, expected).findLast((candidate) => !candidate.removed);
  if (node) tree.headId = node.id;
}

function replace(node: TreeNode, message: UIMessage, final: boolean): TreeNode {
  return Object.assign(node, { message, final, role: message.role });
}

function remove(tree: Tree, node: TreeNode): void {
  for (const other of tree.nodes.values()) if (other.parentId === node.id) other.parentId = node.parentId;
  if (tree.headId === node.id) tree.headId = node.parentId;
  node.removed = true;
}

function onPath(tree: Tree, messageId: string): TreeNode | undefined {
  for (let node = lookup(tree, tree.headId); node; node = lookup(tree, node.parentId)) {
    if (node.messageId === messageId) return node;
  }
  return undefined;
}

function withMessageId(tree: Tree, messageId: string): TreeNode[] {
  return [...tree.nodes.values()].filter((node) => node.messageId === messageId);
}

function lookup(tree: Tree, id: string | null): TreeNode | undefined {
  return id === null ? undefined : tree.nodes.get(id);
}
