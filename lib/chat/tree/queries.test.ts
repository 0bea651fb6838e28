import { beforeEach, describe, expect, it } from "vitest";
import { put, save, testDatabase } from "@/e2e/support/chat-fixtures";
import type { Db } from "@/lib/db/client";
import { createChat, findOwnedChat, isChatId, loadTranscript } from "./queries";
import { prismaStorage } from "./storage";

const shared = testDatabase();
let chatId: string;

beforeEach(async () => {
  chatId = `chat-${crypto.randomUUID()}`;
  await createChat(shared.db, { id: chatId, userId: "ada" });
});

const badIds = [
  "",
  "short",
  "a/../../etc",
  "chat#hash",
  "chat?query",
  "chat-💥💥💥💥",
  "x".repeat(65),
  "chat id with spaces",
  "chat-nul\u0000",
  "session_0123456789abcdef01234567",
  "session_of-mine",
];

describe("a chat's owner", () => {
  it("finds it; to everybody else a foreign chat and an unknown one look alike", async () => {
    expect(await findOwnedChat(shared.db, chatId, "ada")).toMatchObject({ id: chatId, userId: "ada" });
    expect(await findOwnedChat(shared.db, chatId, "bob")).toBeNull();
    expect(await findOwnedChat(shared.db, "chat-unknown", "bob")).toBeNull();
  });

  it("who deleted it finds it no more, and cannot make it again", async () => {
    await shared.db.chat.update({ where: { id: chatId }, data: { deletedAt: new Date() } });
    expect(await findOwnedChat(shared.db, chatId, "ada")).toBeNull();
    expect(await createChat(shared.db, { id: chatId, userId: "ada" })).toBeNull();
  });

  it("begins it with the model of their choice", async () => {
    await shared.db.userSettings.create({ data: { userId: "bob", defaultModel: "demo" } });
    expect(await createChat(shared.db, { id: "chat-of-bob-1", userId: "bob" })).toMatchObject({
      model: "demo",
    });
  });

  it("may create it again, also twice at once; nobody else may", async () => {
    const id = `chat-${crypto.randomUUID()}`;
    const created = await Promise.all(
      Array.from({ length: 8 }, () => createChat(shared.db, { id, userId: "ada" })),
    );
    expect(created.map((chat) => chat?.userId)).toEqual(Array(8).fill("ada"));
    expect(await createChat(shared.db, { id, userId: "bob" })).toBeNull();
    expect(await shared.db.chat.findUnique({ where: { id } })).toMatchObject({ userId: "ada" });
  });

  it.each(badIds)("%j is not an id, and the database is not asked", async (id) => {
    const untouched = new Proxy({} as Db, {
      get() {
        throw new Error("the database was asked");
      },
    });
    expect(isChatId(id)).toBe(false);
    expect(await findOwnedChat(untouched, id, "ada")).toBeNull();
    expect(await createChat(untouched, { id, userId: "ada" })).toBeNull();
    expect(await loadTranscript(untouched, id)).toBeNull();
  });
});

describe("a transcript", () => {
  it("of a chat without messages is empty, and of no chat null", async () => {
    expect(await loadTranscript(shared.db, chatId)).toEqual({
      messages: [],
      cursors: {},
      status: "idle",
      title: null,
      nonFinalIds: [],
      versions: {},
      canRedo: false,
    });
    expect(await loadTranscript(shared.db, "chat-unknown")).toBeNull();
  });

  it("is the newest page with what the page needs, and no more than that", async () => {
    await save(
      prismaStorage(shared.db),
      chatId,
      [put("u1", "Hello"), put("a1"), put("u2"), put("a2", "cut", false), { op: "state", value: { v: 1 } }],
      {
        reason: "turn-error",
        cursors: { lastOutEventId: "12", lastInEventId: "3" },
      },
    );
    const newest = await loadTranscript(shared.db, chatId, { limit: 2 });
    expect(newest).toEqual({
      messages: [expect.objectContaining({ id: "u2" }), expect.objectContaining({ id: "a2" })],
      cursors: { lastOutEventId: "12", lastInEventId: "3" },
      status: "failed",
      title: "Hello",
      nextCursor: "u2",
      nonFinalIds: ["a2"],
      versions: {},
      canRedo: false,
    });
    const older = await loadTranscript(shared.db, chatId, { limit: 2, before: newest!.nextCursor! });
    expect(older?.messages.map((message) => message.id)).toEqual(["u1", "a1"]);
    expect(older).not.toHaveProperty("nextCursor");
  });

  it("has messages and cursors of one moment, whatever is being saved", async () => {
    const storage = prismaStorage(shared.db);
    let saving = true;
    const writer = (async () => {
      for (let turn = 1; turn <= 60; turn++) {
        await save(storage, chatId, [put(`u${turn}`), put(`a${turn}`)], {
          cursors: { lastOutEventId: String(turn) },
        });
      }
      saving = false;
    })();
    while (saving) {
      const transcript = await loadTranscript(shared.db, chatId, { limit: 1 });
      expect(transcript?.messages.map((message) => message.id)).toEqual(
        transcript?.cursors.lastOutEventId ? [`a${transcript.cursors.lastOutEventId}`] : [],
      );
    }
    await writer;
  });
});
