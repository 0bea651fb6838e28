import { readFile } from "node:fs/promises";
import { convertToModelMessages, type UIMessage } from "ai";
import { beforeEach, describe, expect, it } from "vitest";
import { put, save, testDatabase } from "@/e2e/support/chat-fixtures";
import { deleteChat, renameChat } from "./changes";
import { copyChat } from "./copy";
import { contentDisposition, exportEverything, exportJson, exportMarkdown } from "./export";
import { createChat, loadTranscript } from "../tree/queries";
import { createShare, listShares, readShare, revokeShare } from "./share";
import { prismaStorage } from "../tree/storage";

const shared = testDatabase();
let chatId: string;

/** u1 a1, and below it two branches: u2 a2, which was left, and u3 a3, which is shown. */
beforeEach(async () => {
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
  const storage = prismaStorage(shared.db);
  await save(storage, chatId, [put("u1", "Root"), put("a1"), put("u2"), put("a2", "Left")], {
    cursors: { lastOutEventId: "9", lastInEventId: "3" },
  });
  await save(storage, chatId, [
    { op: "truncateAfter", afterId: "a1" },
    put("u3"),
    put("a3", "Shown"),
    { op: "state", value: { v: 1 } },
  ]);
});

const ids = async (id: string) => (await loadTranscript(shared.db, id))?.messages.map((each) => each.id);
const rows = (id: string) => shared.db.message.findMany({ where: { chatId: id }, orderBy: { order: "asc" } });

describe("a copy", () => {
  it("of a chat has every branch, and a stream of its own", async () => {
    const copy = await copyChat(shared.db, { chatId, userId: "ada" });
    expect(await ids(copy!)).toEqual(["u1", "a1", "u3", "a3"]);
    expect(await rows(copy!)).toEqual((await rows(chatId)).map((row) => ({ ...row, chatId: copy })));
    expect(await shared.db.chat.findUnique({ where: { id: copy! } })).toMatchObject({
      userId: "ada",
      title: "Root (copy)",
      status: "idle",
      state: { v: 1 },
      lastOutEventId: null,
      lastInEventId: null,
      runId: null,
    });
  });

  it("of a branch has that branch alone, shown or left, by message or node", async () => {
    const shown = await copyChat(shared.db, { chatId, userId: "ada", branch: {} });
    expect((await rows(shown!)).map((row) => row.id)).toEqual(["u1", "a1", "u3", "a3"]);
    const left = await copyChat(shared.db, { chatId, userId: "ada", branch: { headId: "a2" } });
    expect((await rows(left!)).map((row) => row.id)).toEqual(["u1", "a1", "u2", "a2"]);
    expect(await ids(left!)).toEqual(["u1", "a1", "u2", "a2"]);
    // What the runtime remembers of the shown branch is not true of this one.
    expect((await shared.db.chat.findUnique({ where: { id: left! } }))?.state).toBeNull();
  });

  it("goes its own way: what is said in one is not said in the other", async () => {
    const copy = (await copyChat(shared.db, { chatId, userId: "ada" }))!;
    await save(prismaStorage(shared.db), copy, [put("u4"), put("a4")]);
    await save(prismaStorage(shared.db), chatId, [put("u5")]);
    expect(await ids(copy)).toEqual(["u1", "a1", "u3", "a3", "u4", "a4"]);
    expect(await ids(chatId)).toEqual(["u1", "a1", "u3", "a3", "u5"]);
    await shared.db.chat.delete({ where: { id: chatId } });
    expect(await ids(copy)).toHaveLength(6);
  });

  it("is made of an empty chat, too, and not of a foreign, unknown or deleted one, nor at an unknown message", async () => {
    const empty = crypto.randomUUID();
    await createChat(shared.db, { id: empty, userId: "ada" });
    expect(await ids((await copyChat(shared.db, { chatId: empty, userId: "ada" }))!)).toEqual([]);
    const before = await shared.db.chat.count();
    expect(await copyChat(shared.db, { chatId, userId: "bob" })).toBeNull();
    expect(await copyChat(shared.db, { chatId: crypto.randomUUID(), userId: "ada" })).toBeNull();
    expect(await copyChat(shared.db, { chatId, userId: "ada", branch: { headId: "nope" } })).toBeNull();
    await deleteChat(shared.db, { chatId, userId: "ada" });
    expect(await copyChat(shared.db, { chatId, userId: "ada" })).toBeNull();
    expect(await shared.db.chat.count()).toBe(before);
  });
});

async function written(pieces: AsyncGenerator<string>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}

describe("an export", () => {
  const chat = () => shared.db.chat.findUniqueOrThrow({ where: { id: chatId } });

  it("as Markdown is the shown branch", async () => {
    expect(await written(exportMarkdown(shared.db, await chat()))).toBe(
      "# Root\n\n## You\n\nRoot\n\n## Assistant\n\na1\n\n## You\n\nu3\n\n## Assistant\n\nShown\n",
    );
  });

  it("as JSON is the whole tree, of which another program can make one again", async () => {
    const document = JSON.parse(await written(exportJson(shared.db, await chat())));
    expect(document).toMatchObject({ format: "holdfast-chat", version: 1, id: chatId, headId: "a3" });
    expect(document).not.toHaveProperty("userId");
    expect(
      document.messages.map((node: { id: string; parentId: string }) => [node.id, node.parentId]),
    ).toEqual([
      ["u1", null],
      ["a1", "u1"],
      ["u2", "a1"],
      ["a2", "u2"],
      ["u3", "a1"],
      ["a3", "u3"],
    ]);
  });

  it("of everything has a line for each chat and message, none of them another person's", async () => {
    const lines = (await written(exportEverything(shared.db, "ada"))).trim().split("\n");
    const mine = lines.map((line) => JSON.parse(line)).filter((line) => (line.chatId ?? line.id) === chatId);
    expect(mine.map((line) => line.type)).toEqual(["chat", ...Array(6).fill("message")]);
    expect(await written(exportEverything(shared.db, "bob"))).toBe("");
  });

  it("says what is no text, and cannot be closed by what a tool answered", async () => {
    const id = crypto.randomUUID();
    await createChat(shared.db, { id, userId: "ada" });
    const message = {
      id: "a1",
      role: "assistant" as const,
      parts: [
        { type: "reasoning" as const, text: "Two\nlines" },
        {
          type: "dynamic-tool" as const,
          toolName: "look",
          toolCallId: "c1",
          state: "output-available" as const,
          input: {},
          output: "```\n# not a heading\n```",
        },
      ],
    };
    await save(prismaStorage(shared.db), id, [
      put("u1", "# Title\nwith two lines"),
      { op: "put", message, final: false },
    ]);
    const row = await shared.db.chat.findUniqueOrThrow({ where: { id } });
    const text = await written(exportMarkdown(shared.db, row));
    expect(text).toContain("> Two\n> lines");
    expect(text).toContain("**Tool: look**\n\n````json");
    expect(text).toContain("_This answer is incomplete._");
  });

  it.each([
    ["Plain", "attachment; filename=\"Plain.md\"; filename*=UTF-8''Plain.md"],
    ['a"b\r\nSet-Cookie: x=1/../c', 'filename="a b Set-Cookie x 1 .. c.md"'],
    ["東京", "filename=\"chat.md\"; filename*=UTF-8''%E6%9D%B1%E4%BA%AC.md"],
    ["\ud800", 'filename="chat.md"'],
  ])("of %j has a name that no header and no file system trips over", (title, expected) => {
    const header = contentDisposition(title, "md");
    expect(header).toContain(expected);
    expect(() => new Headers({ "content-disposition": header })).not.toThrow();
  });
});

describe("a shared link", () => {
  const share = async (headId?: string) => {
    const outcome = await createShare(shared.db, { chatId, userId: "ada", ...(headId ? { headId } : {}) });
    if (!("token" in outcome)) throw new Error(outcome.refused);
    return outcome.token;
  };

  it("shows the branch as it was, whatever happens to the chat", async () => {
    const token = await share();
    await save(prismaStorage(shared.db), chatId, [put("u4", "Later"), put("a4", "Secret")]);
    await renameChat(shared.db, { chatId, userId: "ada" }, "Renamed");
    await save(prismaStorage(shared.db), chatId, [{ op: "truncateAfter", afterId: "a1" }]);
    const branch = await readShare(shared.db, token);
    expect(branch?.title).toBe("Root");
    expect(branch?.messages.map((message) => message.id)).toEqual(["u1", "a1", "u3", "a3"]);
    expect((await readShare(shared.db, await share("a2")))?.messages.at(-1)?.id).toBe("a2");
  });

  it("tells nothing of its owner, nor what the answer cost", async () => {
    const message = {
      id: "a9",
      role: "assistant" as const,
      metadata: { model: "demo", inputTokens: 12 },
      parts: [{ type: "text" as const, text: "Answer", providerMetadata: { acme: { itemId: "secret" } } }],
    };
    await save(prismaStorage(shared.db), chatId, [{ op: "put", message }]);
    const text = JSON.stringify(await readShare(shared.db, await share()));
    for (const secret of ["ada", "secret", "inputTokens", chatId]) expect(text).not.toContain(secret);
  });

  it("is nowhere in the database, and is gone when it is revoked, by its owner alone", async () => {
    const token = await share();
    const stored = await shared.db.share.findMany({ where: { chatId } });
    expect(JSON.stringify(stored)).not.toContain(token);
    expect(Buffer.from(token, "base64url")).toHaveLength(16);
    const [link] = await listShares(shared.db, "ada", chatId);
    expect(await listShares(shared.db, "bob", chatId)).toEqual([]);
    expect(await revokeShare(shared.db, { id: link!.id, userId: "bob" })).toBe(false);
    expect(await readShare(shared.db, token)).not.toBeNull();
    expect(await revokeShare(shared.db, { id: link!.id, userId: "ada" })).toBe(true);
    expect(await revokeShare(shared.db, { id: link!.id, userId: "ada" })).toBe(false);
    expect(await readShare(shared.db, token)).toBeNull();
  });

  it("is gone with its chat, and back with it", async () => {
    const token = await share();
    await deleteChat(shared.db, { chatId, userId: "ada" });
    expect(await readShare(shared.db, token)).toBeNull();
    expect(await listShares(shared.db, "ada", chatId)).toEqual([]);
    await shared.db.chat.update({ where: { id: chatId }, data: { deletedAt: null } });
    expect(await readShare(shared.db, token)).not.toBeNull();
  });

  it("is not made of what is not there", async () => {
    const make = (more: object) => createShare(shared.db, { chatId, userId: "ada", ...more });
    expect(await make({ userId: "bob" })).toEqual({ refused: "not-found" });
    expect(await make({ chatId: crypto.randomUUID() })).toEqual({ refused: "not-found" });
    expect(await make({ headId: "nope" })).toEqual({ refused: "not-found" });
    const empty = crypto.randomUUID();
    await createChat(shared.db, { id: empty, userId: "ada" });
    expect(await make({ chatId: empty })).toEqual({ refused: "empty" });
    for (let count = 0; count < 50; count++) await make({});
    expect(await make({})).toEqual({ refused: "too-many" });
  });

  it.each(["", "x", "../..", "a".repeat(22), "a".repeat(10_000), "\u0000".repeat(22)])(
    "that nobody made (%j) shows nothing",
    async (token) => {
      expect(await readShare(shared.db, token)).toBeNull();
    },
  );
});

describe("what waits for somebody", () => {
  const tool = (name: string, toolCallId: string, more: object) => ({
    type: `tool-${name}`,
    toolCallId,
    input: { of: toolCallId },
    ...more,
  });
  const parts = [
    { type: "text", text: "Three things" },
    tool("askQuestion", "question", { state: "input-available" }),
    tool("refund", "refund", { state: "approval-requested", approval: { id: "approval-1" } }),
    tool("sendEmail", "approved", {
      state: "approval-responded",
      approval: { id: "approval-2", approved: true },
    }),
    tool("lookUp", "broke-off", { state: "input-available" }),
    tool("delegate", "delegated", {
      state: "output-available",
      output: {
        $holdfast: "sub-agent",
        state: "waiting",
        requests: [{ toolCallId: "inside", tool: "askQuestion", input: {}, waits: true }],
      },
    }),
  ];

  beforeEach(async () => {
    const message = { id: "a4", role: "assistant", parts } as unknown as UIMessage;
    await save(prismaStorage(shared.db), chatId, [put("u4"), { op: "put", message }]);
    const request = { chatId, messageId: "a4", input: {} };
    await shared.db.humanRequest.createMany({
      data: [
        { ...request, toolCallId: "question", tool: "askQuestion", kind: "question", title: "Which lamp?" },
        { ...request, toolCallId: "refund", tool: "refund", kind: "approval", title: "Refund 89 EUR" },
        { ...request, toolCallId: "inside", tool: "askQuestion", kind: "question", title: "Which courier?" },
        {
          ...request,
          toolCallId: "approved",
          tool: "sendEmail",
          kind: "approval",
          title: "Send an email",
          state: "approved",
        },
      ],
    });
  });

  it.each([
    ["the chat", undefined],
    ["the branch", {}],
  ] as const)(
    "is skipped in a copy of %s, which has nobody to decide it, and waits on in the chat",
    async (_what, branch) => {
      const copy = (await copyChat(shared.db, { chatId, userId: "ada", ...(branch && { branch }) }))!;
      const { messages } = (await loadTranscript(shared.db, copy))!;
      const reason = "Copied before it was decided.";
      expect(messages.at(-1)?.parts).toEqual([
        parts[0],
        {
          ...parts[1],
          state: "output-available",
          output: { $holdfast: "unanswered", skipped: true, note: reason },
        },
        { ...parts[2], state: "output-denied", approval: { id: "approval-1", approved: false, reason } },
        { ...parts[3], state: "output-denied", approval: { id: "approval-2", approved: false, reason } },
        parts[4],
        {
          ...parts[5],
          output: {
            $holdfast: "sub-agent",
            state: "failed",
            requests: [{ toolCallId: "inside", tool: "askQuestion", input: {}, waits: false }],
            result: reason,
          },
        },
      ]);
      expect((await loadTranscript(shared.db, chatId))?.messages.at(-1)?.parts).toEqual(parts);
      expect(await shared.db.humanRequest.count({ where: { chatId: copy } })).toBe(0);
      expect(await shared.db.humanRequest.count({ where: { chatId, state: "pending" } })).toBe(3);
      // The model hears that each was asked, and what became of it.
      const answered = messages.at(-1)!;
      const closed = { ...answered, parts: answered.parts.filter((part) => part !== answered.parts[4]) };
      const heard = JSON.stringify(await convertToModelMessages([closed]));
      expect(heard).toContain(reason);
    },
  );

  const goesOn = () => {
    const message = {
      id: "a4",
      role: "assistant",
      parts: [
        parts[0],
        { ...parts[1], state: "output-available", output: "The blue one" },
        { type: "text", text: "What came later" },
      ],
    } as unknown as UIMessage;
    return save(prismaStorage(shared.db), chatId, [{ op: "put", message }]);
  };
  const decide = (toolCallId: string) =>
    shared.db.humanRequest.updateMany({
      where: { chatId, toolCallId },
      data: { state: "answered", output: "The blue one", decidedAt: new Date(Date.now() + 1_000) },
    });

  it("is shown in a link as it was, whatever the answer then becomes", async () => {
    const outcome = await createShare(shared.db, { chatId, userId: "ada" });
    const token = "token" in outcome ? outcome.token : "";
    const before = await readShare(shared.db, token);
    await decide("question");
    await goesOn();
    expect(await readShare(shared.db, token)).toEqual(before);
    expect(JSON.stringify(before)).not.toContain("came later");
  });

  it("is shown as it was in links that were made before copies were kept", async () => {
    const message = { id: "a4", role: "assistant", parts } as unknown as UIMessage;
    await shared.db.checkpoint.create({
      data: { chatId, messageId: "a4", number: 1, kind: "partial", message: message as never },
    });
    const outcome = await createShare(shared.db, { chatId, userId: "ada" });
    const token = "token" in outcome ? outcome.token : "";
    const before = await readShare(shared.db, token);
    await shared.db.share.updateMany({ where: { chatId }, data: { snapshot: {} } });
    await goesOn();
    expect(JSON.stringify(await readShare(shared.db, token))).toContain("came later");
    const migration = await readFile(
      "prisma/migrations/20261127153000_share_snapshots/migration.sql",
      "utf8",
    );
    await shared.db.$executeRawUnsafe(migration.slice(migration.indexOf("UPDATE")));
    expect(await readShare(shared.db, token)).toEqual(before);
  });

  it("tells nothing of what a sub-agent of an earlier release said and heard on its way", async () => {
    const inner = [{ role: "user", content: "An inner word" }];
    const asked = { toolCallId: "inside", tool: "askQuestion", input: {} };
    const message = {
      id: "a5",
      role: "assistant",
      parts: [{ ...parts[5], output: { $holdfast: "sub-agent", state: "waiting", asked, messages: inner } }],
    } as unknown as UIMessage;
    await save(prismaStorage(shared.db), chatId, [put("u5"), { op: "put", message }]);
    // That release saved no version.
    await shared.db.message.updateMany({
      where: { chatId, messageId: "a5" },
      data: { message: message as never },
    });
    const outcome = await createShare(shared.db, { chatId, userId: "ada" });
    const branch = await readShare(shared.db, "token" in outcome ? outcome.token : "");
    expect(JSON.stringify(branch)).not.toContain("inner word");
    expect(branch?.messages.at(-1)?.parts[0]).toMatchObject({ output: { state: "waiting" } });
  });

  it("waits for its owner in a shared view", async () => {
    const outcome = await createShare(shared.db, { chatId, userId: "ada" });
    const { requests } = (await readShare(shared.db, "token" in outcome ? outcome.token : ""))!;
    expect(requests.toSorted((a, b) => a.toolCallId.localeCompare(b.toolCallId))).toEqual([
      { messageId: "a4", toolCallId: "approved", title: "Send an email", isWaiting: false },
      { messageId: "a4", toolCallId: "inside", title: "Which courier?", isWaiting: true },
      { messageId: "a4", toolCallId: "question", title: "Which lamp?", isWaiting: true },
      { messageId: "a4", toolCallId: "refund", title: "Refund 89 EUR", isWaiting: true },
    ]);
  });
});
