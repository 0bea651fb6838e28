import { beforeEach, describe, expect, it, vi } from "vitest";
import { appDatabase, put, save } from "@/e2e/support/chat-fixtures";
import { request } from "@/e2e/support/sign-in";
import { createAttachment } from "@/lib/attachments/attachments";
import { postgresStore } from "@/lib/attachments/postgres-store";
import { findListedChat } from "@/lib/chat/chats/list";
import { createChat } from "@/lib/chat/tree/queries";
import { listShares } from "@/lib/chat/chats/share";
import { prismaStorage } from "@/lib/chat/tree/storage";
import * as account from "@/app/account/actions";
import { moveBranch } from "./branches";
import * as actions from "./chats";
import { settleOutcome } from "./outcome";
import { decideRequest, revokeAllowedTool } from "./requests";
import { MISSHAPEN } from "./take-decision";
import { describeError } from "./expected-error";

// Stands in for Next and the sign-in: the current user, and work after the response.
vi.mock("server-only", () => ({}));
vi.mock("next/server", () => ({ after: (work: () => Promise<void>) => work() }));
vi.mock("next/headers", () => ({ headers: async () => new Headers(), cookies: async () => ({ set() {} }) }));
vi.mock("@/lib/auth", () => import("@/e2e/support/sign-in"));

const shared = appDatabase();
let chatId: string;

beforeEach(async () => {
  request.user = { id: "ada" };
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
  await save(prismaStorage(shared.db), chatId, [put("u1", "Question"), put("a1", "Answer")]);
});

const listed = (id: string) => findListedChat(shared.db, "ada", id);

const about: Record<string, (id: string) => Promise<unknown>> = {
  renameChat: (id) => actions.renameChat(id, "New"),
  setChatPinned: (id) => actions.setChatPinned(id, true),
  setChatArchived: (id) => actions.setChatArchived(id, true),
  markChatRead: (id) => actions.markChatRead(id),
  deleteChat: (id) => actions.deleteChat(id),
  copyChat: (id) => actions.copyChat(id),
  "copyChat of a branch": (id) => actions.copyChat(id, { headId: "a1" }),
  shareChat: (id) => actions.shareChat(id),
  moveBranch: (id) => moveBranch(id, { type: "continue-from", nodeId: "u1" }),
};

describe("an action about a chat", () => {
  it.each(Object.entries(about))("%s is the owner's, and says the same to everybody else", async (_, act) => {
    await expect(act(chatId)).resolves.not.toThrow();
    const gone = crypto.randomUUID();
    await createChat(shared.db, { id: gone, userId: "ada" });
    await actions.deleteChat(gone);
    const refusals = [];
    for (const [user, id] of [
      ["bob", chatId],
      ["ada", crypto.randomUUID()],
      ["ada", gone],
      ["ada", "no id"],
      ["ada", { evil: true } as never],
    ] as const) {
      request.user = { id: user };
      refusals.push(await act(id).then(() => "allowed", describeError));
    }
    expect(new Set(refusals)).toEqual(
      new Set(["Chat not found. It may have been deleted or belong to someone else."]),
    );
  });

  it.each(Object.entries(about))("%s asks who is there", async (_, act) => {
    request.user = null;
    await expect(act(chatId)).rejects.toThrow("signed out");
  });

  it("restores what was deleted, for the owner alone", async () => {
    await actions.deleteChat(chatId);
    request.user = { id: "bob" };
    await expect(actions.restoreChat(chatId)).rejects.toThrow("Chat not found");
    request.user = { id: "ada" };
    await actions.restoreChat(chatId);
    expect(await listed(chatId)).toMatchObject({ title: "Question" });
  });
});

describe("a move through the tree", () => {
  it("returns what is shown then", async () => {
    const { messages, canRedo } = await moveBranch(chatId, { type: "undo", headId: "a1" });
    expect({ messages, canRedo }).toEqual({ messages: [], canRedo: true });
  });

  it.each([
    [{ type: "undo", headId: 7 }, /`move`/],
    [{ type: "edit", actionId: "e", nodeId: "u1", newId: "u2", text: "mine" }, /`move`/],
    [null, /`move`/],
    [{ type: "switch", nodeId: "gone" }, /not part of this chat/],
  ])("%j is refused in words, and moves nothing", async (move, words) => {
    await expect(moveBranch(chatId, move as never)).rejects.toThrow(words);
    expect(await shared.db.chat.findUnique({ where: { id: chatId } })).toMatchObject({ headId: "a1" });
  });

  it("is refused while an answer is being written", async () => {
    await shared.db.chat.update({ where: { id: chatId }, data: { status: "running" } });
    const refused = moveBranch(chatId, { type: "undo", headId: "a1" });
    await expect(refused).rejects.toThrow("An answer is being written here.");
    expect(describeError(await refused.catch((error: unknown) => error))).toMatch(/^An answer is being/);
  });
});

describe("a title", () => {
  it("doesn't change the direction of text around it", async () => {
    expect(await actions.renameChat(chatId, "\u202Egpj\u2066.exe\u200F")).toBe("gpj.exe");
  });

  it("is one line, and kept as the person's", async () => {
    expect(await actions.renameChat(chatId, "  Two\n lines\u0000  ")).toBe("Two lines");
    expect(await listed(chatId)).toMatchObject({ title: "Two lines", titledBy: "person" });
  });

  it.each([
    ["", "The title is empty"],
    [" \n\u0000", "The title is empty"],
    [{} as never, "The title is empty"],
    ["x".repeat(121), "The title is too long"],
  ])("may not be %j", async (title, problem) => {
    await expect(actions.renameChat(chatId, title)).rejects.toThrow(problem);
    expect(await listed(chatId)).toMatchObject({ title: "Question", titledBy: null });
  });
});

describe("a link", () => {
  it("can only be revoked by the person who created it", async () => {
    await actions.shareChat(chatId);
    const [link] = await listShares(shared.db, "ada", chatId);
    request.user = { id: "bob" };
    await expect(actions.revokeShare(link!.id)).rejects.toThrow("Link not found");
    request.user = { id: "ada" };
    await actions.revokeShare(link!.id);
    expect(await listShares(shared.db, "ada", chatId)).toEqual([]);
  });
});

describe("settings", () => {
  it("take a model that is configured, and none besides", async () => {
    await account.setDefaultModel("demo");
    expect(await createChat(shared.db, { id: crypto.randomUUID(), userId: "ada" })).toMatchObject({
      model: "demo",
    });
    await expect(account.setDefaultModel("acme/huge")).rejects.toThrow("no longer available");
    await account.setDefaultModel(null);
    request.user = null;
    // A person who makes a choice before writing anything becomes a guest.
    await account.setDefaultModel("demo");
    expect(await shared.db.userSettings.findUnique({ where: { userId: "bob" } })).toMatchObject({
      defaultModel: "demo",
    });
  });

  it("deletes everything only after the exact phrase", async () => {
    await expect(account.deleteEverything("yes")).rejects.toThrow("Nothing was deleted");
    expect(await listed(chatId)).not.toBeNull();
    const store = postgresStore(shared.db);
    const bytes = new TextEncoder().encode("Secret");
    const file = await createAttachment(shared.db, store, { userId: "ada", name: "notes.txt", bytes });
    expect((await account.deleteEverything("delete everything")).deleted).toBeGreaterThan(0);
    expect(await shared.db.chat.count({ where: { userId: "ada" } })).toBe(0);
    expect(await shared.db.attachment.count({ where: { userId: "ada" } })).toBe(0);
    await expect.poll(() => store.get(file.id)).toBeNull();
  });
});

describe("what is done too often", () => {
  it("is refused with a sentence that also passes a production build, and changes nothing", async () => {
    vi.stubEnv("LIMIT_COPIES", "2/60");
    await actions.copyChat(chatId);
    await actions.copyChat(chatId);
    const before = await shared.db.chat.count({ where: { userId: "ada" } });
    const refusal = await actions.copyChat(chatId).catch((error: unknown) => error as Error);
    expect(refusal).toMatchObject({ digest: expect.stringMatching(/^holdfast:limit:copies:\d+$/) });
    const asTheBrowserHasIt = Object.assign(new Error("hidden"), { digest: (refusal as any).digest });
    expect(describeError(asTheBrowserHasIt)).toMatch(
      /^You've duplicated a lot of chats in a short time\. Try again in \d+ seconds\.$/,
    );
    expect(await shared.db.chat.count({ where: { userId: "ada" } })).toBe(before);
  });
});

describe("an id that PostgreSQL can't store, or that is never valid", () => {
  it.each(["a\u0000", "\u0000", "", "x".repeat(500), { not: "text" } as never, null as never])(
    "%j is refused with a sentence by every action",
    async (bad) => {
      vi.stubEnv("LIMIT_COPIES", "off");
      const refused = /^holdfast:(chat-not-found|link-not-found|outcome-not-found)$/;
      const calls = [
        () => actions.renameChat(bad, "Title"),
        () => actions.setChatPinned(bad, true),
        () => actions.setChatArchived(bad, true),
        () => actions.markChatRead(bad),
        () => actions.deleteChat(bad),
        () => actions.restoreChat(bad),
        () => actions.copyChat(bad),
        () => actions.copyChat(chatId, { headId: bad }),
        () => actions.shareChat(bad),
        () => actions.shareChat(chatId, bad),
        () => actions.revokeShare(bad),
        () => settleOutcome(bad, "effect", "happened"),
        () => settleOutcome(chatId, bad, "happened"),
        () => revokeAllowedTool(bad, "refund"),
      ];
      for (const [index, call] of calls.entries()) {
        const outcome = await call().then(
          () => "done",
          (error: unknown) => String((error as { digest?: string }).digest ?? error),
        );
        expect(outcome, `call ${index}`).toMatch(refused);
      }
      const decision = { type: "answer" as const, output: "yes" };
      const ids = { chatId: bad, messageId: bad, toolCallId: bad };
      expect(await decideRequest({ ...ids, decision, via: "card" })).toEqual({ problem: MISSHAPEN });
    },
  );

  it("nor does a decision that is nested without end break anything", async () => {
    let output: unknown = "yes";
    for (let level = 0; level < 50_000; level++) output = [output];
    const ids = { chatId, messageId: "m", toolCallId: "t" };
    for (const decision of [
      { type: "answer" as const, output },
      { type: "approve" as const, editedInput: output },
    ])
      expect(await decideRequest({ ...ids, decision, via: "card" })).toEqual({ problem: MISSHAPEN });
  });
});
