import { beforeEach, describe, expect, it } from "vitest";
import { put, save, testDatabase } from "@/e2e/support/chat-fixtures";
import {
  deleteChat,
  deleteEverything,
  markChatRead,
  renameChat,
  restoreChat,
  setChatArchived,
  setChatPinned,
  sweepDeletedChats,
} from "./changes";
import { findListedChat, listChatPage } from "./list";
import { createChat } from "../tree/queries";
import { prismaStorage } from "../tree/storage";

const shared = testDatabase();
let userId: string;

beforeEach(async () => {
  userId = `user-${crypto.randomUUID()}`;
  await shared.db.user.create({ data: { id: userId, name: "Eve", email: `${userId}@example.com` } });
});

async function chat(title: string): Promise<string> {
  const id = crypto.randomUUID();
  await createChat(shared.db, { id, userId });
  await save(prismaStorage(shared.db), id, [put(`u-${id}`, title)]);
  return id;
}

const titles = async (options = {}) =>
  (await listChatPage(shared.db, userId, options)).chats.map((each) => each.title);

describe("the list", () => {
  it("has the owner's chats that were used, newest first", async () => {
    await createChat(shared.db, { id: crypto.randomUUID(), userId });
    const first = await chat("First");
    await chat("Second");
    expect(await titles()).toEqual(["Second", "First"]);
    await save(prismaStorage(shared.db), first, [put("a1")]);
    expect(await titles()).toEqual(["First", "Second"]);
    expect((await listChatPage(shared.db, "bob")).chats).toEqual([]);
  });

  it("comes in pages that neither repeat nor skip, also when many chats are of the same moment", async () => {
    const moment = new Date("2026-01-02T03:04:05.678Z");
    const ids = Array.from({ length: 25 }, () => crypto.randomUUID()).toSorted();
    await shared.db.chat.createMany({
      data: ids.map((id) => ({ id, userId, title: id, nextOrder: 1, updatedAt: moment })),
    });
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await listChatPage(shared.db, userId, { limit: 10, ...(after ? { after } : {}) });
      seen.push(...page.chats.map((each) => each.id));
      after = page.nextCursor;
    } while (after);
    expect(seen).toEqual(ids);
  });

  it.each(["", "x", "2026-13-45T99:99:99.999Z|abc", "2026-01-02T03:04:05.678Z|'; --"])(
    "has no page after %j",
    async (after) => {
      await chat("One");
      expect(await listChatPage(shared.db, userId, { after })).toEqual({ chats: [] });
    },
  );

  it("puts what is pinned first, once, and what is archived elsewhere", async () => {
    const [a, b] = [await chat("A"), await chat("B"), await chat("C")];
    await setChatPinned(shared.db, { chatId: a, userId }, true);
    expect(await titles()).toEqual(["A", "C", "B"]);
    await setChatArchived(shared.db, { chatId: b, userId }, true);
    expect(await titles()).toEqual(["A", "C"]);
    expect(await titles({ view: "archived" })).toEqual(["B"]);
    await setChatArchived(shared.db, { chatId: b, userId }, false);
    await setChatPinned(shared.db, { chatId: a, userId }, false);
    expect(await titles()).toEqual(["C", "B", "A"]);
  });

  it("marks a chat as unread from its answer until it is read", async () => {
    const id = await chat("Question");
    const isUnread = async () => (await findListedChat(shared.db, userId, id))?.isUnread;
    expect(await isUnread()).toBe(false);
    await save(prismaStorage(shared.db), id, [put("a1")]);
    expect(await isUnread()).toBe(true);
    await markChatRead(shared.db, { chatId: id, userId });
    expect(await isUnread()).toBe(false);
    await save(prismaStorage(shared.db), id, [put("u2"), put("a2")]);
    expect(await isUnread()).toBe(true);
  });

  it("marks a chat as unread when its answer went on, and not when the same was saved again", async () => {
    const id = await chat("Question");
    const isUnread = async () => (await findListedChat(shared.db, userId, id))?.isUnread;
    await save(prismaStorage(shared.db), id, [put("a1", "May I?")]);
    await markChatRead(shared.db, { chatId: id, userId });
    await save(prismaStorage(shared.db), id, [put("a1", "May I? You may.")], { reason: "turn-start" });
    expect(await isUnread()).toBe(false);
    await save(prismaStorage(shared.db), id, [put("a1", "May I? You may. Done.")]);
    expect(await isUnread()).toBe(true);
    await markChatRead(shared.db, { chatId: id, userId });
    expect(await isUnread()).toBe(false);
    await save(prismaStorage(shared.db), id, [put("a1", "May I? You may. Done.")]);
    await save(prismaStorage(shared.db), id, [put("a1", "May I? You may. Done.", false)]);
    expect(await isUnread()).toBe(false);
  });
});

describe("a change", () => {
  const all = {
    rename: (chatId: string, user: string) => renameChat(shared.db, { chatId, userId: user }, "New"),
    pin: (chatId: string, user: string) => setChatPinned(shared.db, { chatId, userId: user }, true),
    archive: (chatId: string, user: string) => setChatArchived(shared.db, { chatId, userId: user }, true),
    read: (chatId: string, user: string) => markChatRead(shared.db, { chatId, userId: user }),
    delete: (chatId: string, user: string) => deleteChat(shared.db, { chatId, userId: user }),
    restore: (chatId: string, user: string) => restoreChat(shared.db, { chatId, userId: user }),
  };

  it.each(Object.entries(all))("%s is the owner's alone, and does not move the chat", async (_, change) => {
    const id = await chat("Mine");
    const before = await shared.db.chat.findUniqueOrThrow({ where: { id } });
    expect(await change(id, "bob")).toBe(false);
    expect(await change(crypto.randomUUID(), userId)).toBe(false);
    expect(await change("no\u0000id", userId)).toBe(false);
    expect(await shared.db.chat.findUnique({ where: { id } })).toEqual(before);
    expect(await change(id, userId)).toBe(true);
    const after = await shared.db.chat.findUniqueOrThrow({ where: { id } });
    expect(after.updatedAt).toEqual(before.updatedAt);
  });

  it("finds no deleted chat, until it is restored whole", async () => {
    const id = await chat("Kept");
    await deleteChat(shared.db, { chatId: id, userId });
    expect(await titles()).toEqual([]);
    for (const change of [all.rename, all.pin, all.archive, all.read, all.delete])
      expect(await change(id, userId)).toBe(false);
    // A turn that was under way is saved all the same.
    await save(prismaStorage(shared.db), id, [put("a1", "Late answer")]);
    await restoreChat(shared.db, { chatId: id, userId });
    expect(await titles()).toEqual(["Kept"]);
    expect(await shared.db.message.count({ where: { chatId: id } })).toBe(2);
  });

  it("a deletion is for good after a day", async () => {
    const [old, recent, living] = [await chat("Old"), await chat("Recent"), await chat("Living")];
    await deleteChat(shared.db, { chatId: old, userId });
    await deleteChat(shared.db, { chatId: recent, userId });
    await shared.db
      .$executeRaw`UPDATE "Chat" SET "deletedAt" = now() - interval '25 hours' WHERE id = ${old}`;
    expect(await sweepDeletedChats(shared.db)).toEqual([old]);
    const left = await shared.db.chat.findMany({ where: { userId }, select: { id: true } });
    expect(left.map(({ id }) => id).toSorted()).toEqual([recent, living].toSorted());
  });

  it("deletes everything of one person and nothing of another", async () => {
    const id = await chat("Mine");
    await createChat(shared.db, { id: "chat-of-bob-2", userId: "bob" });
    expect((await deleteEverything(shared.db, userId)).chatIds).toEqual([id]);
    expect(await shared.db.chat.count({ where: { userId } })).toBe(0);
    expect(await shared.db.message.count({ where: { chatId: id } })).toBe(0);
    expect(await shared.db.chat.count({ where: { id: "chat-of-bob-2" } })).toBe(1);
  });
});
