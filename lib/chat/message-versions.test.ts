import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase } from "@/e2e/support/database";
import { createDb, type Db } from "@/lib/db/client";
import type { Prisma } from "@/prisma/generated/client";
import { copyChat } from "./chats/copy";
import { exportJson } from "./chats/export";
import { createShare, readShare } from "./chats/share";
import type { ChatMessage } from "./message";
import {
  MESSAGE_VERSION,
  readStored,
  readUnversioned,
  toStored,
  type StoredMessage,
} from "./message-versions";
import { exportDecisionsJson } from "./requests/export";
import { nestedRequestsOf, type ToolPart } from "./requests/pending-calls";
import { findOwnedChat, loadTranscript } from "./tree/queries";
import { prismaStorage } from "./tree/storage";

const question = { id: "q", role: "user", parts: [{ type: "text", text: "Which courier?" }] };

/** As the first release with sub-agents saved it: no mark, one question, its own conversation, steps as tool names. */
const ofVersion1 = {
  id: "a",
  role: "assistant",
  metadata: { model: "demo/scripted" },
  parts: [
    { type: "step-start" },
    {
      type: "tool-delegate",
      toolCallId: "call-1",
      state: "output-available",
      input: { name: "Courier desk", task: "Find a courier" },
      output: {
        state: "waiting",
        name: "Courier desk",
        task: "Find a courier",
        steps: [{ id: "s1", title: "weather", detail: '{"city":"Oslo"}', state: "done" }],
        asked: { toolCallId: "inner-1", tool: "askQuestion", input: { question: "Which one?" } },
        messages: [{ role: "user", content: "Find a courier" }],
      },
    },
    {
      type: "tool-askQuestion",
      toolCallId: "call-2",
      state: "output-available",
      input: { question: "Today?" },
      output: { skipped: true, note: "Nobody answered." },
    },
  ],
};

/** As the releases between marks and sub-agents on sessions of their own saved it; the input is cut off at 120 characters. */
const ofVersion2 = {
  version: 2,
  id: "a",
  role: "assistant",
  parts: [
    {
      type: "tool-delegate",
      toolCallId: "call-1",
      state: "output-available",
      input: { name: "Courier desk", task: "Find a courier" },
      output: {
        $holdfast: "sub-agent",
        state: "done",
        name: "Courier desk",
        task: "Find a courier",
        steps: [{ id: "s1", title: "lookUp", detail: '{"topic":"couriers in O', state: "done" }],
        asked: { toolCallId: "inner-1", tool: "askQuestion", input: { question: "Which one?" } },
        result: "Nordpost",
      },
    },
  ],
};

/** As nobody saves it yet. */
const ofTomorrow = {
  version: MESSAGE_VERSION + 1,
  id: "a",
  role: "assistant",
  mood: "calm",
  parts: [
    { type: "text", text: "Nordpost." },
    { type: "hologram", depth: 3 },
  ],
};

const read = (stored: unknown) => readStored(stored as StoredMessage);
const outputOf = (message: ChatMessage, index: number) =>
  (message.parts[index] as { output?: unknown }).output;

describe("a saved message", () => {
  it("of the first version gets marks, a list of requests and steps in words", () => {
    const message = read(ofVersion1);
    expect(outputOf(message, 1)).toEqual({
      $holdfast: "sub-agent",
      state: "waiting",
      name: "Courier desk",
      task: "Find a courier",
      steps: [{ id: "s1", title: "Checked the weather in Oslo", state: "done" }],
      requests: [
        { toolCallId: "inner-1", tool: "askQuestion", input: { question: "Which one?" }, waits: true },
      ],
    });
    expect(outputOf(message, 2)).toMatchObject({ $holdfast: "unanswered", skipped: true });
    expect(nestedRequestsOf(message.parts[1] as ToolPart)).toMatchObject([
      { toolCallId: "inner-1", waits: true },
    ]);
  });

  it("of the second version gets a decided request, also where the input of a step was cut off", () => {
    expect(outputOf(read(ofVersion2), 0)).toMatchObject({
      result: "Nordpost",
      steps: [{ id: "s1", title: "Looked up …", state: "done" }],
      requests: [{ toolCallId: "inner-1", waits: false }],
    });
  });

  it("is the same after a second time, because older code saves without a version", () => {
    expect(readUnversioned(read(ofVersion1))).toEqual(read(ofVersion1));
    expect(readUnversioned(read(ofVersion2))).toEqual(read(ofVersion2));
  });

  it("gets no mark that a tool could have made up", () => {
    const part = { type: "tool-weather", toolCallId: "w", state: "output-available", input: {} };
    const output = { asked: { toolCallId: "x" }, skipped: true, outcome: "unknown", effect: "key" };
    expect(outputOf(read({ id: "a", role: "assistant", parts: [{ ...part, output }] }), 0)).toEqual(output);
  });

  it("of today comes back as it was saved", () => {
    const message = read(ofVersion1);
    expect(toStored(message).version).toBe(MESSAGE_VERSION);
    expect(read(toStored(message))).toEqual(message);
  });

  it("of a later version stays what it is, also when it is saved again", () => {
    expect(read(ofTomorrow)).toEqual(ofTomorrow);
    expect(toStored(read(ofTomorrow))).toEqual(ofTomorrow);
  });
});

describe("wherever saved messages are read", () => {
  let db: Db;
  let drop: () => Promise<void>;
  const userId = "owner";

  beforeAll(async () => {
    const database = await freshDatabase();
    db = createDb(database.url);
    drop = async () => {
      await db.$disconnect();
      await database.drop();
    };
    await db.user.create({ data: { id: userId, name: "Owner", email: "owner@example.com" } });
  });

  afterAll(() => drop?.());

  /** A chat whose rows are what another release wrote. */
  async function chatWith(answer: typeof ofVersion1 | typeof ofTomorrow): Promise<string> {
    const chatId = randomUUID();
    await db.chat.create({ data: { id: chatId, userId, title: "Old", headId: "a", nextOrder: 2 } });
    const rows = [question, answer].map((message, order) => ({
      chatId,
      id: message.id,
      messageId: message.id,
      parentId: order === 0 ? null : "q",
      role: message.role,
      message: message as unknown as Prisma.InputJsonValue,
      order,
    }));
    await db.message.createMany({ data: rows });
    return chatId;
  }

  const storedAnswer = async (chatId: string) =>
    (await db.message.findFirstOrThrow({ where: { chatId, id: "a" } })).message;

  it("an old row is shown, thought about, exported and shared in today's shape, and is not rewritten", async () => {
    const today = read(ofVersion1);
    const chatId = await chatWith(ofVersion1);
    expect((await loadTranscript(db, chatId))!.messages).toEqual([question, today]);
    const storage = prismaStorage(db);
    const context = await storage.loadContext!(
      { chatId } as never,
      {
        trigger: "action",
        incomingMessages: [],
        previousMessages: [],
      } as never,
    );
    expect(context).toEqual([question, today]);
    const chat = (await findOwnedChat(db, chatId, userId))!;
    const exported = JSON.parse((await all(exportJson(db, chat))).join("")) as {
      messages: { message: unknown }[];
    };
    expect(exported.messages[1]!.message).toEqual(today);
    const { token } = (await createShare(db, { chatId, userId })) as { token: string };
    expect(outputOf((await readShare(db, token))!.messages[1]!, 1)).toEqual(outputOf(today, 1));
    expect(await storedAnswer(chatId)).toEqual(ofVersion1);
  });

  it("an old copy of an answer is exported in today's shape", async () => {
    const chatId = await chatWith(ofVersion1);
    const message = ofVersion1 as unknown as Prisma.InputJsonValue;
    await db.checkpoint.create({ data: { chatId, messageId: "a", number: 1, kind: "partial", message } });
    const chat = (await findOwnedChat(db, chatId, userId))!;
    const exported = JSON.parse((await all(exportDecisionsJson(db, chat))).join("")) as {
      checkpoints: { message: unknown }[];
    };
    expect(exported.checkpoints[0]!.message).toEqual(read(ofVersion1));
  });

  it("a pending call of an old row is skipped in a copy of its chat, which is saved in today's shape", async () => {
    const chatId = await chatWith(ofVersion1);
    await db.humanRequest.create({
      data: {
        chatId,
        messageId: "a",
        toolCallId: "inner-1",
        tool: "askQuestion",
        kind: "question",
        title: "Which one?",
        input: {},
        state: "pending",
      },
    });
    const copyId = (await copyChat(db, { chatId, userId }))!;
    const copy = await storedAnswer(copyId);
    expect(copy).toMatchObject({ version: MESSAGE_VERSION });
    expect(outputOf(read(copy), 1)).toMatchObject({ state: "failed", requests: [{ waits: false }] });
  });

  it("a row of a later version is shown and kept unharmed, also when an older deployment saves it again", async () => {
    const chatId = await chatWith(ofTomorrow);
    const [, shown] = (await loadTranscript(db, chatId))!.messages;
    expect(shown).toEqual(ofTomorrow);
    const answer = { ...shown!, parts: [...shown!.parts, { type: "text" as const, text: "More." }] };
    await prismaStorage(db).save(
      { chatId, runId: "run", ctx: {} } as never,
      {
        reason: "turn-complete",
        changes: [{ op: "put", message: answer }],
        transcript: { entries: [{ id: "q" }, { id: "a" }] },
        cursors: {},
      } as never,
    );
    expect(await storedAnswer(chatId)).toEqual({ ...ofTomorrow, parts: answer.parts });
  });
});

async function all(pieces: AsyncIterable<string>): Promise<string[]> {
  const list: string[] = [];
  for await (const piece of pieces) list.push(piece);
  return list;
}
