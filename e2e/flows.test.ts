/**
 * The durability stories without a browser: the unmodified SDK over HTTP against the engine, the agent, PostgreSQL.
 * The oracle is the content: the demo model counts, and every number must be there once, on the stream and at rest.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { auth, configure } from "@trigger.dev/sdk";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import { TriggerChatTransport } from "@trigger.dev/sdk/chat";
import type { UIMessageChunk } from "ai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDb, type Db } from "@/lib/db";
import { freePort } from "@/lib/embedded-postgres";
import { messageText, type ChatMessage } from "@/lib/chat/message";
import { createChat, loadTranscript } from "@/lib/chat/queries";
import { freshDatabase } from "./support/database";
import { expiredToken } from "./support/expired-token";
import { startEngineProcess, type EngineProcess } from "./support/processes";
import { tcpProxy } from "./support/tcp-proxy";

const userId = "owner";
let database: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
let engine: EngineProcess;
let db: Db;

beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(path.join(tmpdir(), "holdfast-flows-"));
  engine = await startEngineProcess({ databaseUrl: database.url, dataDir: folder, port: await freePort() });
  configure({ baseURL: engine.url, accessToken: engine.secretKey });
  db = createDb(database.url);
  await db.user.create({ data: { id: userId, name: "Owner", email: "owner@example.com" } });
});

afterAll(async () => {
  await engine?.stop();
  await db?.$disconnect();
  await database?.drop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** A browser page on one chat, as far as the SDK is concerned. */
function openPage(chatId: string, options: { baseURL?: string; accessToken?: () => Promise<string> } = {}) {
  const startSession = chatSdk.createStartSessionAction("chat");
  const transport = new TriggerChatTransport({
    task: "chat",
    baseURL: options.baseURL ?? engine.url,
    accessToken: options.accessToken ?? (() => mint(chatId)),
    startSession: async () => {
      await createChat(db, { id: chatId, userId });
      return startSession({ chatId });
    },
  });
  return {
    transport,
    ask: (text: string, id = crypto.randomUUID()) =>
      transport.sendMessages({
        trigger: "submit-message",
        chatId,
        messageId: undefined,
        messages: [question(id, text)],
        abortSignal: undefined,
      }),
  };
}

function mint(chatId: string): Promise<string> {
  return auth.createPublicToken({ scopes: { read: { sessions: chatId }, write: { sessions: chatId } } });
}

function question(id: string, text: string): ChatMessage {
  return { id, role: "user", parts: [{ type: "text", text }] };
}

/** Reads to the end. An answer that starts again under a new id voids what came before it. */
async function readAnswer(
  stream: ReadableStream<UIMessageChunk>,
  onChunk?: (seen: number) => void | Promise<void>,
) {
  const answer = { text: "", starts: 0, errors: [] as string[], chunks: 0 };
  for await (const chunk of iterate(stream)) {
    answer.chunks += 1;
    if (chunk.type === "start") Object.assign(answer, { text: "", starts: answer.starts + 1 });
    if (chunk.type === "text-delta") answer.text += chunk.delta;
    if (chunk.type === "error") answer.errors.push(chunk.errorText);
    await onChunk?.(answer.chunks);
  }
  return answer;
}

async function* iterate<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

/** The transcript once the turn that was answered is saved: the last chunk is out a moment before the save. */
async function savedTranscript(chatId: string) {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const transcript = await loadTranscript(db, chatId);
    if (transcript && transcript.status !== "running") return transcript;
    if (Date.now() > deadline) throw new Error(`The turn of ${chatId} was never saved`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function counted(to: number): string {
  return Array.from({ length: to + 1 }, (_, number) => number).join(" ");
}

async function expectSaved(chatId: string, expected: Array<[role: string, text: string]>) {
  const { messages } = await savedTranscript(chatId);
  expect(messages.map((message) => [message.role, messageText(message).trim()])).toEqual(expected);
}

function newChatId(): string {
  return crypto.randomUUID();
}

it("answers a second turn with the first one in mind", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("My city is Oslo."));
  const second = await readAnswer(await page.ask("Which city is mine?"));
  expect(second.text).toContain("Oslo");
  const { messages } = await savedTranscript(chatId);
  expect(messages.map((message) => message.role)).toEqual(["user", "assistant", "user", "assistant"]);
});

it("continues after a reload in the middle of an answer, with nothing twice", async () => {
  const chatId = newChatId();
  const first = openPage(chatId);
  const reader = (await first.ask("count to 40 at 25 ms")).getReader();
  for (let read = 0; read < 15; read += 1) await reader.read();
  await reader.cancel();
  first.transport.dispose();

  const transcript = await loadTranscript(db, chatId);
  expect(transcript?.messages.map(messageText)).toEqual(["count to 40 at 25 ms"]);
  const second = openPage(chatId);
  second.transport.setSession(chatId, {
    publicAccessToken: await mint(chatId),
    ...transcript?.cursors,
    activeInputSeq: 0,
  });
  const stream = await second.transport.reconnectToStream({ chatId });
  expect((await readAnswer(stream!)).text.trim()).toBe(counted(40));
  await expectSaved(chatId, [
    ["user", "count to 40 at 25 ms"],
    ["assistant", counted(40)],
  ]);
});

it("completes the answer when the worker is killed in the middle of it", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("count to 3"));
  let killed = 0;
  const answer = await readAnswer(await page.ask("count to 40 at 25 ms"), (seen) => {
    if (seen === 15) killed = engine.killWorkers();
  });
  expect(killed).toBeGreaterThan(0);
  expect(answer).toMatchObject({ starts: 2, errors: [] });
  expect(answer.text.trim()).toBe(counted(40));
  await expectSaved(chatId, [
    ["user", "count to 3"],
    ["assistant", counted(3)],
    ["user", "count to 40 at 25 ms"],
    ["assistant", counted(40)],
  ]);
});

it("completes the answer when the engine is restarted in the middle of it", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  let restart: Promise<void> | undefined;
  const answer = await readAnswer(await page.ask("count to 40 at 25 ms"), (seen) => {
    if (seen === 15) restart = engine.restart();
  });
  await restart;
  expect(answer.text.trim()).toBe(counted(40));
  await expectSaved(chatId, [
    ["user", "count to 40 at 25 ms"],
    ["assistant", counted(40)],
  ]);
});

it("stops, keeps what was written, and answers the next turn", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  const stopped = await readAnswer(await page.ask("count to 200 at 25 ms"), async (seen) => {
    if (seen === 15) await page.transport.stopGeneration(chatId);
  });
  expect(stopped.text).not.toContain("199");
  const partial = await savedTranscript(chatId);
  expect(messageText(partial.messages.at(-1)!)).toMatch(/^0 1 2 /);
  expect((await readAnswer(await page.ask("count to 5"))).text.trim()).toBe(counted(5));
  expect((await savedTranscript(chatId)).messages).toHaveLength(4);
});

it("answers a follow-up after the run has ended", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("My city is Bergen."));
  await savedTranscript(chatId);
  expect(engine.killWorkers()).toBeGreaterThan(0);
  const answer = await readAnswer(await page.ask("Which city is mine?"));
  expect(answer.text).toContain("Bergen");
  expect((await savedTranscript(chatId)).messages).toHaveLength(4);
});

it.each(["expired", "corrupt"])("refreshes a token that is %s once and sends nothing twice", async (kind) => {
  const chatId = newChatId();
  let minted = 0;
  const page = openPage(chatId, {
    accessToken: () => {
      minted += 1;
      return mint(chatId);
    },
  });
  await readAnswer(await page.ask("count to 3"));
  const { cursors } = await savedTranscript(chatId);
  const good = await mint(chatId);
  page.transport.setSession(chatId, {
    publicAccessToken:
      kind === "expired" ? await expiredToken(engine.secretKey, chatId) : good.replace(/.{8}$/, "AAAAAAAA"),
    lastEventId: cursors.lastOutEventId,
  });
  expect((await readAnswer(await page.ask("count to 4"))).text.trim()).toBe(counted(4));
  expect(minted).toBe(1);
  expect((await savedTranscript(chatId)).messages).toHaveLength(4);
});

it("heals a cut network: the answer goes on where it was", async () => {
  const chatId = newChatId();
  const proxy = await tcpProxy(Number(new URL(engine.url).port));
  const page = openPage(chatId, { baseURL: `http://127.0.0.1:${proxy.port}` });
  try {
    const answer = await readAnswer(await page.ask("count to 60 at 25 ms"), (seen) => {
      if (seen !== 15) return;
      proxy.cut();
      setTimeout(() => proxy.heal(), 400);
    });
    expect(answer).toMatchObject({ starts: 1, errors: [] });
    expect(answer.text.trim()).toBe(counted(60));
  } finally {
    await proxy.close();
  }
});

it("shows an error of the model and answers the next turn", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  const failed = await readAnswer(await page.ask("error please"));
  expect(failed.errors).toHaveLength(1);
  expect((await readAnswer(await page.ask("count to 3"))).text.trim()).toBe(counted(3));
});

it("answers a message with NUL and lone surrogates, and stores what text can hold", async () => {
  const chatId = newChatId();
  const answer = await readAnswer(await openPage(chatId).ask("count to 3 \u0000\ud800 please"));
  expect(answer).toMatchObject({ text: counted(3), errors: [] });
  const { messages } = await savedTranscript(chatId);
  expect(messageText(messages[0]!)).toBe("count to 3 \ufffd please");
});

it("refuses a message that is far too long in words, keeps none of it, and goes on", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  const refused = await readAnswer(await page.ask("x".repeat(1_000_000)));
  expect(refused.errors).toEqual([expect.stringContaining("The message is too long: 1,000,000 characters")]);
  await expect(page.ask("x".repeat(1_100_000))).rejects.toMatchObject({ status: 413 });
  expect((await readAnswer(await page.ask("count to 3"))).text).toBe(counted(3));
  await expectSaved(chatId, [
    ["user", "count to 3"],
    ["assistant", counted(3)],
  ]);
});
