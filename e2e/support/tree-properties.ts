/** What is true of every conversation tree, for the property tests of the pure tree and of the storage alike. */
import type { TranscriptChange } from "@trigger.dev/sdk/ai";
import fc from "fast-check";
import { path, type Tree, type TreeNode } from "@/lib/chat/tree/tree";
import { message } from "./chat-fixtures";

const ids = ["u1", "a1", "u2", "a2", "u3", "a3"];
const anyId = fc.constantFrom(...ids);

/** Any operations in any order: more than the runtime ever sends. */
const anyChange: fc.Arbitrary<TranscriptChange> = fc
  .oneof(
    { weight: 5, arbitrary: fc.record({ id: anyId, text: fc.constantFrom("one", "two") }).map(putOf) },
    { weight: 2, arbitrary: anyId.map((afterId): TranscriptChange => ({ op: "truncateAfter", afterId })) },
    { weight: 1, arbitrary: anyId.map((id): TranscriptChange => ({ op: "remove", id })) },
    { weight: 1, arbitrary: fc.constant(ids.map((id): TranscriptChange => ({ op: "remove", id }))) },
  )
  .chain((change) => fc.constant(change)) as fc.Arbitrary<TranscriptChange>;

export const anySaves = fc.array(
  fc.array(anyChange, { minLength: 1, maxLength: 4 }).map((changes) => changes.flat()),
  { minLength: 1, maxLength: 10 },
);

/** What a person does, which becomes changes by way of the branch that is shown. */
export type Move =
  | { type: "ask" }
  | { type: "regenerate" }
  | { type: "edit"; at: number }
  | { type: "undo" }
  | { type: "switch"; to: number };

export const anyMoves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Move>({ type: "ask" }) },
    { weight: 2, arbitrary: fc.constant<Move>({ type: "regenerate" }) },
    { weight: 2, arbitrary: fc.nat(20).map((at): Move => ({ type: "edit", at })) },
    { weight: 1, arbitrary: fc.constant<Move>({ type: "undo" }) },
    { weight: 2, arbitrary: fc.nat(20).map((to): Move => ({ type: "switch", to })) },
  ),
  { minLength: 1, maxLength: 12 },
);

/**
 * The simplest model of branches: every branch that was ever shown, as its list of message ids. It shares nothing
 * with the tree but the rule under test: nothing that was shown may become unreachable.
 */
export function branchModel() {
  let shown: string[] = [];
  let made = 0;
  const seen: string[][] = [];
  return {
    shown: () => shown,
    seen: () => seen,
    /** The branch that a move leads to. */
    play(move: Move): string[] {
      const users = shown.flatMap((id, index) => (id.startsWith("u") ? [index] : []));
      const fresh = (role: "u" | "a") => `${role}${++made}`;
      shown = next();
      seen.push(shown);
      return shown;

      function next(): string[] {
        switch (move.type) {
          case "ask":
            return [...shown, fresh("u"), fresh("a")];
          case "regenerate":
            return shown.length === 0 ? shown : [...shown.slice(0, -1), fresh("a")];
          case "edit": {
            const at = users[move.at % Math.max(1, users.length)];
            return at === undefined ? shown : [...shown.slice(0, at), fresh("u"), fresh("a")];
          }
          case "undo":
            return shown.slice(0, -2);
          case "switch":
            return seen[move.to % Math.max(1, seen.length)] ?? shown;
        }
      }
    },
  };
}

/** The changes that the SDK derives from two lists (its own `diffTranscript` is not exported). */
export function changesBetween(from: string[], to: string[]): TranscriptChange[] {
  let common = 0;
  while (common < from.length && common < to.length && from[common] === to[common]) common++;
  const dropped: TranscriptChange[] =
    from.length === common
      ? []
      : common > 0
        ? [{ op: "truncateAfter", afterId: from[common - 1]! }]
        : from.map((id): TranscriptChange => ({ op: "remove", id }));
  return [
    ...dropped,
    ...to.slice(common).map((id): TranscriptChange => ({ op: "put", message: message(id) })),
  ];
}

export function pathIds(tree: Tree): string[] {
  return path(tree).map((node) => node.messageId);
}

/** Every branch of the tree that can be switched to, as lists of message ids. */
export function reachable(nodes: Iterable<TreeNode>): Set<string> {
  const byId = new Map([...nodes].map((node) => [node.id, node]));
  return new Set(
    [...byId.values()]
      .filter((node) => !node.removed)
      .map((node) =>
        path({ nodes: byId, headId: node.id, nextOrder: 0 })
          .map((step) => step.messageId)
          .join(" "),
      ),
  );
}

/** Node ids of copies are random, so trees are compared by what stands under what. */
export function shape(nodes: Iterable<TreeNode>): string[] {
  const all = [...nodes];
  const byId = new Map(all.map((node) => [node.id, node]));
  return all
    .map((node) => {
      const line = path({ nodes: byId, headId: node.id, nextOrder: 0 })
        .map((step) => step.messageId)
        .join(" ");
      const text = node.message?.parts.map((part) => (part.type === "text" ? part.text : "")).join("") ?? "";
      return `${line} = ${text}${node.final ? "" : " (partial)"}${node.removed ? " (removed)" : ""}`;
    })
    .sort();
}

function putOf({ id, text }: { id: string; text: string }): TranscriptChange {
  return { op: "put", message: message(id, text) };
}
