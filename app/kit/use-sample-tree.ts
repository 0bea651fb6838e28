import { useState } from "react";
import type { UIMessage } from "ai";

type Node = { message: UIMessage; parentId: string };
/** `seen` maps each message to the child that was shown last. */
type State = {
  nodes: Node[];
  headId: string;
  seen: Record<string, string>;
  askedAgain?: string | undefined;
};

const ROOT = "root";

const textMessage = (id: string, role: "user" | "assistant", text: string): UIMessage => ({
  id,
  role,
  parts: [{ type: "text", text }],
});

const beginning: State = {
  nodes: [
    { parentId: ROOT, message: textMessage("q1", "user", "My city is Oslo.") },
    { parentId: "q1", message: textMessage("a1", "assistant", "Answer to “My city is Oslo.”") },
    { parentId: "a1", message: textMessage("q2", "user", "How high is the tide there?") },
    { parentId: "q2", message: textMessage("a2", "assistant", "Answer to “How high is the tide there?”") },
  ],
  headId: "a2",
  seen: { [ROOT]: "q1", q1: "a1", a1: "q2", q2: "a2" },
};

export type SampleTree = ReturnType<typeof useSampleTree>;

/** A conversation in memory that supports regenerate, branch switches, undo and redo. It answers at once. */
export function useSampleTree() {
  const [state, setState] = useState(beginning);
  const { nodes, headId, seen } = state;

  const find = (id: string) => nodes.find(({ message }) => message.id === id);
  const versions = (id: string) => {
    const parentId = find(id)?.parentId;
    return nodes.flatMap((node) => (node.parentId === parentId ? [node.message.id] : []));
  };
  const branch: UIMessage[] = [];
  for (let node = find(headId); node; node = find(node.parentId)) branch.unshift(node.message);

  function moveTo(id: string) {
    let leaf = id;
    while (seen[leaf]) leaf = seen[leaf]!;
    const above = find(id)?.parentId ?? ROOT;
    setState({ nodes, headId: leaf, seen: { ...seen, [above]: id } });
  }

  function add(parentId: string, added: UIMessage[], askedAgain: string | undefined) {
    const next: State = { nodes: [...nodes], headId: parentId, seen: { ...seen }, askedAgain };
    for (const message of added) {
      next.nodes.push({ parentId: next.headId, message });
      next.seen[next.headId] = message.id;
      next.headId = message.id;
    }
    setState(next);
  }

  function versionOf(id: string) {
    const ids = versions(id);
    const at = ids.indexOf(id);
    const [previous, next] = [ids[at - 1], ids[at + 1]];
    if (ids.length < 2) return undefined;
    return {
      index: at + 1,
      count: ids.length,
      onPrevious: previous === undefined ? undefined : () => moveTo(previous),
      onNext: next === undefined ? undefined : () => moveTo(next),
    };
  }

  const lastQuestion = branch.findLast(({ role }) => role === "user");
  const below = seen[headId];
  const { askedAgain } = state;
  const asked = askedAgain === undefined ? undefined : versionOf(askedAgain);
  return {
    messages: branch,
    versionOf,
    earlier:
      askedAgain !== undefined && asked?.onPrevious
        ? { id: askedAgain, index: asked.index - 1, count: asked.count, show: asked.onPrevious }
        : undefined,
    edit(id: string, text: string) {
      const newId = `q${nodes.length + 1}`;
      const answer = textMessage(`a${nodes.length + 1}`, "assistant", `Answer to “${text}”`);
      add(find(id)?.parentId ?? ROOT, [textMessage(newId, "user", text), answer], newId);
    },
    regenerate(id: string) {
      const newId = `a${nodes.length + 1}`;
      const count = versions(id).length + 1;
      add(
        find(id)?.parentId ?? ROOT,
        [textMessage(newId, "assistant", `Another answer, number ${count}`)],
        newId,
      );
    },
    continueFrom: (id: string) => setState({ nodes, seen, headId: id }),
    undo: lastQuestion && (() => setState({ nodes, seen, headId: find(lastQuestion.id)?.parentId ?? ROOT })),
    redo: below === undefined ? undefined : () => moveTo(below),
  };
}
