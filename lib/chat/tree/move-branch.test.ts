import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { message, put, save, testDatabase } from "@/e2e/support/chat-fixtures";
import type { BranchAction, BranchMove } from "./branch-actions";
import { applyBranchAction, moveBranch } from "./move-branch";
import { findOpening } from "./opening";
import { createChat, loadTranscript } from "./queries";
import { prismaStorage } from "./storage";

const shared = testDatabase();
let chatId: string;

/** Two questions with answers; the second was edited (u2b), and its answer regenerated (a2b, a2c). */
beforeEach(async () => {
  chatId = `chat-${crypto.randomUUID()}`;
  await createChat(shared.db, { id: chatId, userId: "ada" });
  await write(put("u1"), put("a1"), put("u2"), put("a2"), put("u3"), put("a3"));
  await write({ op: "truncateAfter", afterId: "a1" }, put("u2b"), put("a2b"));
  await write({ op: "truncateAfter", afterId: "u2b" }, put("a2c"));
});

const write = (...changes: Parameters<typeof save>[2]) => save(prismaStorage(shared.db), chatId, changes);
const move = (to: BranchMove) => moveBranch(shared.db, { chatId, userId: "ada" }, to);
const act = (action: BranchAction) => shared.db.$transaction((tx) => applyBranchAction(tx, chatId, action));
const head = async () => (await shared.db.chat.findUniqueOrThrow({ where: { id: chatId } })).headId;
const shown = async (through?: string) =>
  (await loadTranscript(shared.db, chatId, through === undefined ? {} : { through }))?.messages.map(
    ({ id }) => id,
  );

describe("versions", () => {
  it("are told for every place that has more than one, with the one that is shown", async () => {
    const transcript = await loadTranscript(shared.db, chatId);
    expect(transcript).toMatchObject({
      versions: { u2b: { nodeId: "u2b", ids: ["u2", "u2b"] }, a2c: { nodeId: "a2c", ids: ["a2b", "a2c"] } },
      canRedo: false,
    });
    expect(Object.keys(transcript!.versions)).toEqual(expect.not.arrayContaining(["u1", "a1"]));
  });

  it("of the first question count too", async () => {
    await act({ type: "edit", actionId: "e", nodeId: "u1", newId: "u1b", text: "again" });
    await write(put("u1b"));
    expect((await loadTranscript(shared.db, chatId))?.versions).toEqual({
      u1b: { nodeId: "u1b", ids: ["u1", "u1b"] },
    });
  });

  it("that were removed do not count", async () => {
    await shared.db.message.update({
      where: { chatId_id: { chatId, id: "a2b" } },
      data: { removedAt: new Date() },
    });
    expect((await loadTranscript(shared.db, chatId))?.versions).not.toHaveProperty("a2c");
  });
});

describe("switch", () => {
  it("shows the branch down to its deepest leaf, and a reload shows the same", async () => {
    await move({ type: "switch", nodeId: "u2" });
    expect(await shown()).toEqual(["u1", "a1", "u2", "a2", "u3", "a3"]);
  });

  it("comes back to the version that was seen last below, not to the newest", async () => {
    await move({ type: "switch", nodeId: "a2b" });
    await move({ type: "switch", nodeId: "u2" });
    await move({ type: "switch", nodeId: "u2b" });
    expect(await shown()).toEqual(["u1", "a1", "u2b", "a2b"]);
  });

  it("finds under any message what was seen last there, whatever happened before", async () => {
    const step = fc.tuple(fc.constantFrom("grow", "edit", "continue", "switch", "undo"), fc.nat(1_000));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
        chatId = `chat-${crypto.randomUUID()}`;
        await createChat(shared.db, { id: chatId, userId: "ada" });
        const model = seenTree();
        const grow = async (question = `u${model.ids().length}`) => {
          const answer = question.replace("u", "a");
          model.add(question);
          model.add(answer);
          await write(put(question), put(answer));
        };
        await grow();
        for (const [what, number] of steps) {
          const node = model.ids()[number % model.ids().length]!;
          if (what === "grow") await grow();
          if (what === "edit") {
            const [nodeId, newId] = [node.replace("a", "u"), `u${model.ids().length}`];
            await act({ type: "edit", actionId: newId, nodeId, newId, text: newId });
            model.show(model.parentOf(nodeId));
            await grow(newId);
          }
          if (what === "continue") {
            const nodeId = node.replace("u", "a");
            await move({ type: "continue-from", nodeId });
            model.show(nodeId);
          }
          if (what === "undo") {
            await move({ type: "undo", headId: model.head()! });
            model.show(await head());
          }
          if (what === "switch") {
            const leaf = model.lastSeenUnder(node);
            await move({ type: "switch", nodeId: node });
            expect(await head()).toBe(leaf);
            model.show(leaf);
          }
          if (model.head() === null) await grow();
        }
      }),
      { numRuns: 10 },
    );
    // Some 2,000 transactions.
  }, 300_000);

  it("can be looked at before it is done, and changes nothing by that", async () => {
    expect(await shown("u2")).toEqual(["u1", "a1", "u2", "a2", "u3", "a3"]);
    expect(await shown()).toEqual(["u1", "a1", "u2b", "a2c"]);
    expect(await shown("no-such-node")).toEqual([]);
  });

  it("to what is not in this chat is refused, and the head stays", async () => {
    const other = `chat-${crypto.randomUUID()}`;
    await createChat(shared.db, { id: other, userId: "ada" });
    await save(prismaStorage(shared.db), other, [put("u-other")]);
    for (const nodeId of ["u-other", "nothing", "__proto__", "u1\u0001"]) {
      await expect(move({ type: "switch", nodeId })).rejects.toThrow("not part of this chat");
    }
    expect(await shown()).toEqual(["u1", "a1", "u2b", "a2c"]);
  });
});

describe("edit and regenerate", () => {
  it("put the head where the new version belongs, and ask", async () => {
    const edit = { type: "edit", actionId: "e1", nodeId: "u2", newId: "u2c", text: "third" } as const;
    expect(await act(edit)).toEqual({
      question: { id: "u2c", role: "user", parts: [{ type: "text", text: "third" }] },
      asks: true,
    });
    expect(await head()).toBe("a1");
    expect(await act({ type: "regenerate", actionId: "r1", nodeId: "a2" })).toEqual({ asks: true });
    expect(await head()).toBe("u2");
    expect(await act({ type: "regenerate", actionId: "r2", nodeId: "u1" })).toEqual({ asks: true });
    expect(await head()).toBe("u1");
    expect(await shared.db.chat.findUnique({ where: { id: chatId } })).toMatchObject({
      status: "running",
      actionId: "r2",
    });
  });

  it("the same edit again asks only while its question has no answer", async () => {
    const edit = { type: "edit", actionId: "e1", nodeId: "u2", newId: "u2c", text: "third" } as const;
    await act(edit);
    await write(put("u2c"));
    expect(await act(edit)).toEqual({ asks: true });
    expect(await head()).toBe("u2c");
    await write(put("a2d"));
    expect(await act(edit)).toEqual({ asks: false });
    expect(await head()).toBe("a2d");
    expect(await shared.db.message.count({ where: { chatId, parentId: "a1" } })).toBe(3);
  });

  it("keep the question's files", async () => {
    const file = { type: "file", mediaType: "image/png", url: "/attachments/x" };
    await shared.db.message.update({
      where: { chatId_id: { chatId, id: "u2" } },
      data: { message: { id: "u2", role: "user", parts: [file, { type: "text", text: "u2" }] } },
    });
    const { question } = await act({ type: "edit", actionId: "e", nodeId: "u2", newId: "u9", text: "look" });
    expect(question?.parts).toEqual([file, { type: "text", text: "look" }]);
  });

  it("an answer cannot be edited", async () => {
    await expect(
      act({ type: "edit", actionId: "e", nodeId: "a1", newId: "x", text: "mine" }),
    ).rejects.toThrow("Only your own messages");
  });
});

describe("undo, redo, continue from here", () => {
  it("step back over one exchange at a time to the empty start, and forward again", async () => {
    await move({ type: "undo", headId: "a2c" });
    expect(await shown()).toEqual(["u1", "a1"]);
    await move({ type: "undo", headId: "a1" });
    expect(await shown()).toEqual([]);
    expect(await loadTranscript(shared.db, chatId)).toMatchObject({ canRedo: true });
    await move({ type: "redo", headId: null });
    expect(await shown()).toEqual(["u1", "a1"]);
    await move({ type: "redo", headId: "a1" });
    expect(await shown()).toEqual(["u1", "a1", "u2b", "a2c"]);
  });

  it("take what was said into an answer with its exchange, and what came too late for it as one of its own", async () => {
    await write(put("u4"), put("steer-1"), put("a4"), put("steer-2"), put("a5"));
    const whole = await shown();
    await move({ type: "undo", headId: "a5" });
    expect(await shown()).toEqual(whole!.slice(0, -2));
    await move({ type: "undo", headId: "a4" });
    expect(await shown()).toEqual(["u1", "a1", "u2b", "a2c"]);
    await move({ type: "redo", headId: "a2c" });
    expect(await shown()).toEqual(whole!.slice(0, -2));
    await move({ type: "redo", headId: "a4" });
    expect(await shown()).toEqual(whole);
  });

  it("a late word that begins the chat is an exchange, too", async () => {
    chatId = `chat-${crypto.randomUUID()}`;
    await createChat(shared.db, { id: chatId, userId: "ada" });
    await write(put("steer-1"), put("a1"));
    await move({ type: "undo", headId: "a1" });
    expect(await shown()).toEqual([]);
    await move({ type: "redo", headId: null });
    expect(await shown()).toEqual(["steer-1", "a1"]);
  });

  it("a step that was already taken is not taken twice", async () => {
    await move({ type: "undo", headId: "a2c" });
    await move({ type: "undo", headId: "a2c" });
    expect(await shown()).toEqual(["u1", "a1"]);
    await move({ type: "redo", headId: "a1" });
    await move({ type: "redo", headId: "a1" });
    expect(await shown()).toEqual(["u1", "a1", "u2b", "a2c"]);
  });

  it("nothing is below the end, and nothing before the start", async () => {
    await move({ type: "redo", headId: "a2c" });
    expect(await shown()).toEqual(["u1", "a1", "u2b", "a2c"]);
    await move({ type: "continue-from", nodeId: "u1" });
    expect(await shown()).toEqual(["u1"]);
    await write(put("u7"));
    expect((await loadTranscript(shared.db, chatId))?.versions).toMatchObject({ u7: { ids: ["a1", "u7"] } });
  });
});

describe("a move", () => {
  const all: BranchMove[] = [
    { type: "switch", nodeId: "u2" },
    { type: "undo", headId: "a2c" },
    { type: "redo", headId: "a2c" },
    { type: "continue-from", nodeId: "u1" },
  ];

  it.each(all)("$type returns what a reload shows", async (to) => {
    const { title: _, ...moved } = await move(to);
    expect(await loadTranscript(shared.db, chatId)).toMatchObject(moved);
  });

  it.each(all)("$type is refused while an answer is being written, and nothing moves", async (to) => {
    await save(prismaStorage(shared.db), chatId, [put("u3")], { reason: "turn-start" });
    const before = await head();
    await expect(move(to)).rejects.toThrow("An answer is being written here.");
    expect(await head()).toBe(before);
  });

  it("of somebody else's chat, of a deleted one and of none is the same refusal", async () => {
    const to: BranchMove = { type: "undo", headId: "a2c" };
    const gone = /does not exist/;
    await expect(moveBranch(shared.db, { chatId, userId: "bob" }, to)).rejects.toThrow(gone);
    await expect(moveBranch(shared.db, { chatId: "../x", userId: "ada" }, to)).rejects.toThrow(gone);
    await shared.db.chat.update({ where: { id: chatId }, data: { deletedAt: new Date() } });
    await expect(move(to)).rejects.toThrow(gone);
    expect(await head()).toBe("a2c");
  });

  it("leaves the stream's cursors as they are, and a failure behind", async () => {
    const cursors = { lastOutEventId: "12", lastInEventId: "3" };
    await save(prismaStorage(shared.db), chatId, [], { reason: "turn-error", cursors });
    await move({ type: "undo", headId: "elsewhere" });
    expect(await loadTranscript(shared.db, chatId)).toMatchObject({ cursors, status: "failed" });
    await move({ type: "undo", headId: "a2c" });
    expect(await loadTranscript(shared.db, chatId)).toMatchObject({ cursors, status: "idle" });
  });

  it("between the reading of a turn's context and its first save: the message stands where it was asked", async () => {
    const seen = ["u1", "a1", "u2b", "a2c", "u4"];
    await move({ type: "undo", headId: "a2c" });
    await save(prismaStorage(shared.db), chatId, [put("u4")], {
      reason: "turn-start",
      transcript: { entries: seen.map((id) => ({ id, final: true, message: message(id) })), state: null },
    });
    expect(await shown()).toEqual(seen);
  });

  it("in two tabs at once is one move after the other, and a step is taken once", async () => {
    await Promise.all([
      move({ type: "undo", headId: "a2c" }),
      move({ type: "undo", headId: "a2c" }),
      move({ type: "undo", headId: "a2c" }),
    ]);
    expect(await shown()).toEqual(["u1", "a1"]);
  });
});

describe("a link to a message", () => {
  it("knows whether its branch is shown, and is nothing for what is not there", async () => {
    const opening = (id: string) => findOpening(shared.db, chatId, id);
    expect(await opening("u1")).toEqual({ nodeId: "u1", messageId: "u1", isShown: true });
    expect(await opening("a3")).toEqual({ nodeId: "a3", messageId: "a3", isShown: false });
    for (const id of ["gone", "", "a\u0000b", "x".repeat(500)]) expect(await opening(id)).toBeNull();
  });
});

/** A tree that notes, each time the head moves, everything that is then shown. */
function seenTree() {
  const parents = new Map<string, string | null>();
  const seenAt = new Map<string, number>();
  let head: string | null = null;
  let now = 0;
  const show = (id: string | null) => {
    head = id;
    now += 1;
    for (let node = id; node !== null; node = parents.get(node) ?? null) seenAt.set(node, now);
  };
  return {
    show,
    head: () => head,
    ids: () => [...parents.keys()],
    parentOf: (id: string) => parents.get(id) ?? null,
    add(id: string) {
      parents.set(id, head);
      show(id);
    },
    lastSeenUnder(id: string): string {
      let leaf = id;
      for (;;) {
        const children = [...parents].flatMap(([child, parent]) => (parent === leaf ? [child] : []));
        if (children.length === 0) return leaf;
        leaf = children.reduce((last, child) => (seenAt.get(child)! > seenAt.get(last)! ? child : last));
      }
    },
  };
}
