import { beforeAll, describe, expect, it } from "vitest";
import { put, save, testDatabase } from "@/e2e/support/chat-fixtures";
import { deleteChat } from "./changes";
import { createChat } from "../tree/queries";
import { searchChats, type Highlighted } from "./search";
import { prismaStorage } from "../tree/storage";

const shared = testDatabase();
const find = (query: string, userId = "ada") => searchChats(shared.db, userId, query);
const plain = (text: Highlighted | undefined) => text?.map((piece) => piece.text).join("");
const marked = (text: Highlighted | undefined) =>
  text?.filter((piece) => piece.isMatch).map((piece) => piece.text);

beforeAll(async () => {
  const chats: Record<string, [owner: string, ...texts: string[]]> = {
    "chat-tides": ["ada", "Tides of the North Sea", "The moon pulls the **water** twice a day."],
    "chat-umlaut": ["ada", "Größe des Schiffs", "Das Donaudampfschiff ist 60 m lang."],
    "chat-cjk": ["ada", "東京の天気", "今日は晴れです。"],
    "chat-foreign": ["bob", "Tides that belong to Bob", "The moon is his, too."],
  };
  for (const [id, [userId, question, answer]] of Object.entries(chats)) {
    await createChat(shared.db, { id, userId });
    await save(prismaStorage(shared.db), id, [put("u1", question), put("a1", answer)]);
  }
});

describe("a search", () => {
  it("finds a message by a whole word and by the beginning of one, and marks it", async () => {
    for (const query of ["moon", "moo", "MOON", "twice moo"]) {
      const [hit, ...others] = await find(query);
      expect(others).toEqual([]);
      expect(hit).toMatchObject({ chatId: "chat-tides", messageId: "a1", role: "assistant" });
      expect(marked(hit?.excerpt)).toContain("moon");
      expect(plain(hit?.excerpt)).toContain("pulls the **water**");
    }
  });

  it("finds a chat by any part of its title, and its message beside it", async () => {
    const hits = await find("ides");
    expect(hits).toHaveLength(1);
    expect(marked(hits[0]?.title)).toEqual(["ides"]);
    expect(hits[0]).not.toHaveProperty("messageId");
    expect((await find("tides")).map((hit) => hit.messageId)).toEqual([undefined, "u1"]);
  });

  it("needs every word, keeps phrases, and leaves out what is unwanted", async () => {
    expect(await find("moon schiff")).toEqual([]);
    expect(await find('"pulls the water"')).toHaveLength(1);
    expect(await find('"water pulls"')).toEqual([]);
    expect(await find("moon -water")).toEqual([]);
    expect(await find("moon OR donaudampfschiff")).toHaveLength(2);
  });

  it("knows every script", async () => {
    expect((await find("größe")).map((hit) => hit.chatId)).toContain("chat-umlaut");
    expect((await find("天気")).map((hit) => hit.chatId)).toEqual(["chat-cjk"]);
    expect((await find("今日")).map((hit) => hit.chatId)).toEqual(["chat-cjk"]);
  });

  it("sees nobody else's chats", async () => {
    expect((await find("tides", "bob")).map((hit) => hit.chatId)).toEqual(["chat-foreign", "chat-foreign"]);
    expect((await find("tides")).map((hit) => hit.chatId)).not.toContain("chat-foreign");
    expect(await find("tides", "nobody")).toEqual([]);
  });

  it("sees neither deleted chats nor removed messages", async () => {
    await createChat(shared.db, { id: "chat-removed", userId: "ada" });
    await save(prismaStorage(shared.db), "chat-removed", [
      put("u1", "Xylophone one"),
      put("a1", "Xylophone two"),
    ]);
    expect(await find("xylophone two")).toHaveLength(1);
    await save(prismaStorage(shared.db), "chat-removed", [{ op: "remove", id: "a1" }]);
    expect(await find("xylophone two")).toEqual([]);
    expect(await find("xylophone")).toHaveLength(2);
    await deleteChat(shared.db, { chatId: "chat-removed", userId: "ada" });
    expect(await find("xylophone")).toEqual([]);
  });

  it.each([
    "",
    "   ",
    "!?.,:;()&|*<>-'\"",
    "\u0000",
    "moon\u0000",
    "\ud800",
    "%",
    "_",
    "\\",
    '\'; DROP TABLE "Chat"; --',
    "a:*b & !c | (d",
    '"unclosed',
    "moon -",
    "OR OR OR",
    "x".repeat(10_000),
    "(".repeat(10_000),
    "💥👩‍👩‍👧‍👦",
    "\uE000moon\uE001",
    "[a-z]+(",
  ])("takes %j for a query", async (query) => {
    expect(Array.isArray(await find(query))).toBe(true);
  });
});

describe("what is saved", () => {
  const distinct = (count: number, word: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => word(index)).join(" ");

  it.each([
    ["a megabyte of distinct words", distinct(150_000, (index) => index.toString(36))],
    ["words of four bytes each", distinct(60_000, (index) => String.fromCodePoint(0x20000 + index))],
    [
      "hyphens and paths, which count several times",
      distinct(20_000, (index) => `x${index}-y${index}.org/z${index}`),
    ],
    ["one word without end", "w".repeat(1_000_000)],
    ["nothing but signs", "-".repeat(200_000)],
  ])("is saved whatever its words are: %s", async (_, text) => {
    const id = crypto.randomUUID();
    await createChat(shared.db, { id, userId: "bob" });
    await save(prismaStorage(shared.db), id, [put("u1", "q"), put("a1", `beginning ${text}`)]);
    const row = await shared.db.message.findUniqueOrThrow({
      where: { chatId_id: { chatId: id, id: "a1" } },
    });
    expect((row.message as { parts: [{ text: string }] }).parts[0].text).toHaveLength(text.length + 10);
    expect((await find("beginning", "bob")).map((hit) => hit.chatId)).toContain(id);
  });

  it.each([
    [null],
    ["text"],
    [42],
    [[]],
    [{ parts: null }],
    [{ parts: [null, 1, { type: "text", text: 7 }] }],
  ])("may be of any shape: %j", async (message) => {
    const id = crypto.randomUUID();
    await createChat(shared.db, { id, userId: "bob" });
    await shared.db.$executeRaw`
        INSERT INTO "Message" ("chatId", id, "messageId", role, message, "order")
        VALUES (${id}, 'm', 'm', 'user', ${JSON.stringify(message)}::jsonb, 0)`;
    expect(await shared.db.message.count({ where: { chatId: id } })).toBe(1);
  });
});
