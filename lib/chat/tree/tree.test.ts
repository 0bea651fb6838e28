import type { TranscriptChange } from "@trigger.dev/sdk/ai";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { message, put } from "@/e2e/support/chat-fixtures";
import {
  anyMoves,
  anySaves,
  branchModel,
  changesBetween,
  pathIds,
  reachable,
  shape,
} from "@/e2e/support/tree-properties";
import { applyChanges, emptyTree, path, siblings, type Tree } from "./tree";

function treeOf(...changes: TranscriptChange[]): Tree {
  const tree = emptyTree();
  applyChanges(tree, changes);
  return tree;
}

const siblingIds = (tree: Tree, id: string) => siblings(tree, id).map((node) => node.messageId);

describe("a rollback moves the head and keeps the nodes", () => {
  it("appends what is new and replaces in place what is shown", () => {
    const tree = treeOf(put("u1"), put("a1"), put("u2"));
    applyChanges(tree, [put("a1", "edited")]);
    expect(pathIds(tree)).toEqual(["u1", "a1", "u2"]);
    expect(tree.nodes.get("a1")?.message).toEqual(message("a1", "edited"));
  });

  it("keeps the old answer as a sibling when regenerating, and walks back into it", () => {
    const tree = treeOf(put("u1"), put("a1"), { op: "truncateAfter", afterId: "u1" }, put("a2"));
    expect(pathIds(tree)).toEqual(["u1", "a2"]);
    expect(siblingIds(tree, "a2")).toEqual(["a1", "a2"]);
    applyChanges(tree, [{ op: "truncateAfter", afterId: "u1" }, put("a1")]);
    expect(pathIds(tree)).toEqual(["u1", "a1"]);
    expect(siblingIds(tree, "a1")).toEqual(["a1", "a2"]);
  });

  it("begins a new root when every message is removed, and keeps the old one", () => {
    const tree = treeOf(put("u1"), put("a1"));
    applyChanges(tree, [{ op: "remove", id: "u1" }, { op: "remove", id: "a1" }, put("u2")]);
    expect(pathIds(tree)).toEqual(["u2"]);
    expect(siblingIds(tree, "u2")).toEqual(["u1", "u2"]);
  });

  it("is empty, not gone, when every message is removed and nothing follows", () => {
    const tree = treeOf(put("u1"), put("a1"));
    applyChanges(tree, [
      { op: "remove", id: "u1" },
      { op: "remove", id: "a1" },
    ]);
    expect(path(tree)).toEqual([]);
    expect(reachable(tree.nodes.values())).toContain("u1 a1");
  });

  it("moves the children of a removed message up to its parent", () => {
    const tree = treeOf(put("u1"), put("a1"), put("u2"));
    const { removed } = applyChanges(tree, [{ op: "remove", id: "a1" }]);
    expect(pathIds(tree)).toEqual(["u1", "u2"]);
    expect(removed).toEqual([{ node: tree.nodes.get("a1"), parentId: "u1" }]);
    expect(siblingIds(tree, "u2")).toEqual(["u2"]);
  });

  it("copies a message that comes under another parent, and leaves the branch it stood in alone", () => {
    const tree = treeOf(put("u1"), put("a1"), put("u2"), put("a2"));
    applyChanges(tree, [{ op: "truncateAfter", afterId: "u1" }, put("u2"), put("a2", "elsewhere")]);
    expect(pathIds(tree)).toEqual(["u1", "u2", "a2"]);
    expect(reachable(tree.nodes.values())).toContain("u1 a1 u2 a2");
    expect(tree.nodes.get("a2")?.message).toEqual(message("a2"));
  });

  it("does not let a message of another role take over a node", () => {
    const tree = treeOf(put("u1"), put("a1"), { op: "truncateAfter", afterId: "u1" });
    applyChanges(tree, [{ op: "put", message: message("a1", "not an answer", "user") }]);
    expect(tree.nodes.get("a1")?.message).toEqual(message("a1"));
    expect(siblingIds(tree, "a1")).toEqual(["a1", "a1"]);
  });

  it("puts a message where its writer saw it when somebody else has written since", () => {
    const tree = treeOf(put("u1"), put("a-of-another-run"));
    applyChanges(tree, [put("a1")], { predecessor: (id) => (id === "a1" ? "u1" : undefined) });
    expect(pathIds(tree)).toEqual(["u1", "a1"]);
    expect(siblingIds(tree, "a1")).toEqual(["a-of-another-run", "a1"]);
  });

  it("ignores ids that it does not know or does not show", () => {
    const tree = treeOf(put("u1"), put("a1"), { op: "truncateAfter", afterId: "u1" });
    applyChanges(tree, [
      { op: "truncateAfter", afterId: "never" },
      { op: "remove", id: "a1" },
    ]);
    expect(pathIds(tree)).toEqual(["u1"]);
    expect(tree.nodes.get("a1")?.removed).toBe(false);
  });
});

describe("for any sequence of saves", () => {
  it("shows what the linear transcript would show", () => {
    fc.assert(
      fc.property(anySaves, (saves) => {
        const tree = emptyTree();
        let list: string[] = [];
        for (const changes of saves) {
          applyChanges(tree, changes);
          list = linear(list, changes);
          expect(pathIds(tree)).toEqual(list);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("is the same when a save is applied twice", () => {
    fc.assert(
      fc.property(anySaves, (saves) => {
        const tree = emptyTree();
        for (const changes of saves) {
          applyChanges(tree, changes);
          const shown = pathIds(tree);
          const before = shape(tree.nodes.values());
          applyChanges(tree, changes);
          expect(pathIds(tree)).toEqual(linearTwice(shown, changes) ?? shown);
          if (isRuntimeLike(changes)) expect(shape(tree.nodes.values())).toEqual(before);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("keeps parents older than their children, and the head on a node that stands", () => {
    fc.assert(
      fc.property(anySaves, (saves) => {
        const tree = emptyTree();
        for (const changes of saves) {
          applyChanges(tree, changes);
          for (const node of tree.nodes.values()) {
            if (node.parentId !== null) expect(tree.nodes.get(node.parentId)!.order).toBeLessThan(node.order);
          }
          if (tree.headId !== null) expect(tree.nodes.get(tree.headId)?.removed).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("never loses a branch that was shown, whatever a person does", () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const tree = emptyTree();
        const model = branchModel();
        for (const move of moves) {
          const from = model.shown();
          const changes = changesBetween(from, model.play(move));
          applyChanges(tree, changes);
          applyChanges(tree, changes);
          expect(pathIds(tree)).toEqual(model.shown());
        }
        const branches = reachable(tree.nodes.values());
        for (const branch of model.seen())
          if (branch.length > 0) expect(branches).toContain(branch.join(" "));
        // And no message stands twice: walking back is not copying.
        expect(tree.nodes.size).toBe(new Set([...tree.nodes.values()].map((node) => node.messageId)).size);
      }),
      { numRuns: 500 },
    );
  });
});

/** The SDK's own reading of the changes, for a transcript that is a list. */
function linear(list: string[], changes: TranscriptChange[]): string[] {
  return changes.reduce((ids, change) => {
    switch (change.op) {
      case "put":
        return ids.includes(change.message.id) ? ids : [...ids, change.message.id];
      case "remove":
        return ids.filter((id) => id !== change.id);
      case "truncateAfter":
        return ids.includes(change.afterId) ? ids.slice(0, ids.indexOf(change.afterId) + 1) : ids;
      case "state":
        return ids;
    }
  }, list);
}

/** Some made-up saves do not converge even as a list (drop what follows x, then put x); those prove nothing here. */
function linearTwice(shown: string[], changes: TranscriptChange[]): string[] | undefined {
  const twice = linear(shown, changes);
  return twice.join() === shown.join() ? undefined : twice;
}

/** First what goes, then what comes, as the SDK derives it from two transcripts. */
function isRuntimeLike(changes: TranscriptChange[]): boolean {
  const firstPut = changes.findIndex((change) => change.op === "put");
  return (
    changes.filter((change) => change.op === "truncateAfter").length <= 1 &&
    changes.every((change, index) => change.op === "put" || firstPut === -1 || index < firstPut) &&
    !changes.some((change) => change.op === "remove")
  );
}
