import { configure, runs, tasks, wait } from "@trigger.dev/sdk";
import { TriggerChatTransport } from "@trigger.dev/sdk/chat";
import type { UIMessageChunk } from "ai";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";

/** A scripted agent: the last user message selects what it does. */
const TASKS = `
import { metadata, tags, task, wait } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { simulateReadableStream, streamText } from "ai";
import { MockLanguageModelV4 } from "ai/test";

function words(text) {
  const parts = [
    { type: "stream-start", warnings: [] },
    { type: "text-start", id: "t" },
    ...text.split(" ").map((word, index) => ({ type: "text-delta", id: "t", delta: (index ? " " : "") + word })),
    { type: "text-end", id: "t" },
    { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage: { inputTokens: { total: 1 }, outputTokens: { total: 1 } } },
  ];
  return parts;
}
const lastText = (messages) => messages.findLast((m) => m.role === "user").content.map((p) => p.text).join("");
export const child = task({ id: "child", retry: { maxAttempts: 2, minTimeoutInMs: 10, maxTimeoutInMs: 20 }, run: async ({ n }, { ctx }) => {
  if (n < 0) throw new Error("negative");
  if (ctx.attempt.number === 1) throw new Error("not yet");
  return { doubled: n * 2 };
} });
export const parent = task({ id: "parent", run: async ({ size }) => {
  const good = await child.triggerAndWait({ n: 4 });
  const bad = await child.triggerAndWait({ n: -1 });
  await wait.for({ seconds: 1 });
  const token = await wait.createToken({ timeout: "1m" });
  metadata.set("token", token.id);
  await metadata.flush();
  const answer = await wait.forToken(token);
  await tags.add("done");
  return { good: good.output, bad: bad.ok, answer: answer.output, big: "x".repeat(size) };
} });
export const agent = chat.agent({
  id: "chat",
  idleTimeoutInSeconds: 1,
  run: async ({ messages, signal }) => {
    const ask = lastText(messages);
    if (ask === "poison") { setTimeout(() => { throw new Error("poisoned"); }, 20); await new Promise(() => {}); }
    if (ask === "upgrade") chat.requestUpgrade();
    if (ask === "huge") console.log("huge now");
    if (ask === "huge") return streamText({ model: new MockLanguageModelV4({ doStream: async () => ({ stream: simulateReadableStream({ chunks: words("x".repeat(1_300_000)) }) }) }), messages, abortSignal: signal });
    const count = /^count (\\d+)$/.exec(ask);
    const users = messages.filter((m) => m.role === "user").length;
    const text = count ? Array.from({ length: Number(count[1]) }, (_, i) => i).join(" ") : "answer " + users + " to " + ask;
    const model = new MockLanguageModelV4({ doStream: async () => ({
      stream: simulateReadableStream({ chunks: words(text), initialDelayInMs: 0, chunkDelayInMs: count ? 25 : 1 }) }) });
    return streamText({ model, messages, abortSignal: signal });
  },
});
`;

let test: TestEngine;

beforeAll(async () => {
  test = await startTestEngine({ tasks: TASKS });
}, 60_000);

afterAll(() => test.close());

async function api(path: string, body?: unknown, method = body === undefined ? "GET" : "POST") {
  const response = await fetch(`${test.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${TEST_SECRET_KEY}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, any> };
}

async function startSession(chatId: string) {
  const { body } = await api("/api/v1/sessions", {
    type: "chat.agent",
    externalId: chatId,
    taskIdentifier: "chat",
    triggerConfig: { basePayload: { messages: [], trigger: "preload", chatId } },
  });
  return { publicAccessToken: body["publicAccessToken"] as string };
}

function transport(sessions?: Record<string, { publicAccessToken: string; lastEventId?: string }>) {
  return new TriggerChatTransport({
    task: "chat",
    baseURL: test.url,
    startSession: ({ chatId }: { chatId: string }) => startSession(chatId),
    accessToken: async ({ chatId }: { chatId: string }) => (await startSession(chatId)).publicAccessToken,
    ...(sessions ? { sessions } : {}),
  } as never);
}

let messageNumber = 0;
function user(text: string) {
  return { id: `m${++messageNumber}`, role: "user" as const, parts: [{ type: "text" as const, text }] };
}

async function send(chat: TriggerChatTransport, chatId: string, text: string) {
  return chat.sendMessages({
    chatId,
    messages: [user(text)],
    trigger: "submit-message",
    messageId: undefined,
    abortSignal: undefined,
  } as never) as Promise<ReadableStream<UIMessageChunk>>;
}

async function collect(stream: ReadableStream<UIMessageChunk>, onChunk?: (chunk: UIMessageChunk) => void) {
  const chunks: UIMessageChunk[] = [];
  for await (const chunk of stream as unknown as AsyncIterable<UIMessageChunk>) {
    chunks.push(chunk);
    onChunk?.(chunk);
  }
  return chunks;
}

function textOf(chunks: UIMessageChunk[]) {
  const start = chunks.findLastIndex((chunk) => chunk.type === "start");
  return chunks
    .slice(Math.max(0, start))
    .map((chunk) => (chunk.type === "text-delta" ? chunk.delta : ""))
    .join("");
}

function numbers(count: number) {
  return Array.from({ length: count }, (_, index) => index).join(" ");
}

async function runsOf(chatId: string) {
  const session = (await api(`/api/v1/sessions/${encodeURIComponent(chatId)}`)).body;
  const { body } = await api("/api/v1/runs?page[size]=100");
  const runs = body["data"] as { id: string; status: string; payload: { sessionId?: string } }[];
  return {
    current: session["currentRunId"] as string,
    runs: runs.filter((run) => run.payload.sessionId === session["id"]),
  };
}

/** The pid of the worker that runs this chat now, from the engine's own log. */
async function workerPid(chatId: string) {
  const { current } = await runsOf(chatId);
  const line = test.logs.findLast((entry) => entry.startsWith("attempt started") && entry.includes(current))!;
  return (JSON.parse(line.slice("attempt started ".length)) as { pid: number }).pid;
}

function texts(chunks: UIMessageChunk[], type: string) {
  return chunks.filter((chunk) => chunk.type === type);
}

describe("tasks on the engine", () => {
  it(
    "wait for children, dates and tokens, retry, and return more than fits a response",
    { timeout: 60_000 },
    async () => {
      configure({ baseURL: test.url, accessToken: TEST_SECRET_KEY });
      const { id } = await tasks.trigger("parent", { size: 300_000 });
      const token = await vi.waitFor(
        async () => {
          const run = await runs.retrieve(id);
          expect(run.metadata?.["token"]).toEqual(expect.any(String));
          return run.metadata!["token"] as string;
        },
        { timeout: 20_000, interval: 100 },
      );
      await wait.completeToken(token, { approved: true });
      const run = await runs.poll(id, { pollIntervalMs: 100 });
      expect(run).toMatchObject({ status: "COMPLETED", tags: ["done"] });
      expect(run.output).toMatchObject({ good: { doubled: 8 }, bad: false, answer: { approved: true } });
      expect((run.output as { big: string }).big).toHaveLength(300_000);
    },
  );
});

describe("an agent on the engine", () => {
  it("answers two turns, the second with the history of the first", async () => {
    const chat = transport();
    expect(textOf(await collect(await send(chat, "two-turns", "hello")))).toBe("answer 1 to hello");
    expect(textOf(await collect(await send(chat, "two-turns", "again")))).toBe("answer 2 to again");
  });

  it("takes a chat id with slashes, question marks, spaces and emoji", async () => {
    const chatId = "a/b?c#d ../e 🦊:%2F";
    const chat = transport();
    expect(textOf(await collect(await send(chat, chatId, "hello")))).toBe("answer 1 to hello");
    expect(textOf(await collect(await send(chat, chatId, "again")))).toBe("answer 2 to again");
  });

  it("shows a reloading page the whole answer once, from the cursor of the page", async () => {
    const chat = transport();
    const before: string[] = [];
    const stream = await send(chat, "reload", "count 40");
    const reader = stream.getReader();
    while (before.length < 12) {
      const { value } = await reader.read();
      if (value?.type === "text-delta") before.push(value.delta);
    }
    const saved = chat.getSession("reload")!;
    await reader.cancel();
    const reloaded = transport({ reload: saved as never });
    const rest = await collect((await reloaded.reconnectToStream({ chatId: "reload" }))!);
    // The transport keeps the cursor of the turn's start: the partial answer was never saved, so all of it comes again.
    expect(rest.map((chunk) => (chunk.type === "text-delta" ? chunk.delta : "")).join("")).toBe(numbers(40));
  });

  it("completes the answer after kill -9 of the worker, with the question standing once", async () => {
    const chat = transport();
    let killed = false;
    const chunks = await collect(await send(chat, "kill", "count 40"), (chunk) => {
      if (killed || chunk.type !== "text-delta" || !chunk.delta.includes("15")) return;
      killed = true;
      void workerPid("kill").then((pid) => process.kill(pid, "SIGKILL"));
    });
    expect(killed).toBe(true);
    expect(textOf(chunks)).toBe(numbers(40));
    expect(texts(chunks, "start")).toHaveLength(2);
    expect(textOf(await collect(await send(chat, "kill", "again")))).toBe("answer 2 to again");
    expect((await runsOf("kill")).runs.map((run) => run.status)).toContain("CRASHED");
  });

  it("completes the answer after a restart of the engine, and keeps counting where it was", async () => {
    const chat = transport();
    let restarted: Promise<void> | undefined;
    const chunks = await collect(await send(chat, "restart", "count 40"), (chunk) => {
      if (chunk.type === "text-delta" && chunk.delta.includes("15")) restarted ??= test.restart();
    });
    await restarted;
    expect(textOf(chunks)).toBe(numbers(40));
    expect(textOf(await collect(await send(chat, "restart", "again")))).toBe("answer 2 to again");
  });

  it("stops an answer and answers the next message", async () => {
    const chat = transport();
    const stream = await send(chat, "stop", "count 200");
    const chunks = await collect(stream, (chunk) => {
      if (chunk.type === "text-delta" && chunk.delta.includes("5")) void chat.stopGeneration("stop");
    });
    expect(textOf(chunks).length).toBeLessThan(numbers(200).length);
    expect(textOf(await collect(await send(chat, "stop", "again")))).toBe("answer 2 to again");
  });

  it("quarantines a message that crashes its worker twice and answers the next one", async () => {
    const chat = transport();
    const chunks = await collect(await send(chat, "poison", "poison"));
    expect(chunks.at(-1)).toMatchObject({ type: "error", errorText: expect.stringContaining("crashed") });
    expect(textOf(await collect(await send(chat, "poison", "again")))).toBe("answer 2 to again");
    expect((await runsOf("poison")).runs.filter((run) => run.status === "CRASHED")).toHaveLength(2);
  });

  it("refreshes a token that has expired and a session that is unknown, and asks once", async () => {
    let asked = 0;
    const chat = new TriggerChatTransport({
      task: "chat",
      baseURL: test.url,
      startSession: ({ chatId }: { chatId: string }) => startSession(chatId),
      accessToken: async ({ chatId }: { chatId: string }) => (
        asked++,
        (await startSession(chatId)).publicAccessToken
      ),
      sessions: { lost: { publicAccessToken: "not.a.token" } },
    } as never);
    expect(textOf(await collect(await send(chat, "lost", "hello")))).toBe("answer 1 to hello");
    expect(asked).toBe(1);
    const { body } = await api("/realtime/v1/sessions/lost/in/records");
    expect(body["records"]).toHaveLength(1);
  });

  it("wakes a parked run with the next message", async () => {
    const chat = transport();
    await collect(await send(chat, "park", "hello"));
    const parked = async () =>
      expect((await runsOf("park")).runs.map((run) => run.status)).toEqual(["WAITING"]);
    await vi.waitFor(parked, { timeout: 10_000 });
    expect(textOf(await collect(await send(chat, "park", "again")))).toBe("answer 2 to again");
    expect((await runsOf("park")).runs).toHaveLength(1);
  });

  it("goes on in a new run after the old one has been canceled in mid-answer", async () => {
    const chat = transport();
    let canceled: Promise<unknown> | undefined;
    const chunks = await collect(await send(chat, "cancel", "count 100"), (chunk) => {
      if (chunk.type !== "text-delta" || !chunk.delta.includes("5")) return;
      canceled ??= runsOf("cancel").then(({ current }) => api(`/api/v2/runs/${current}/cancel`, {}));
    });
    await canceled;
    expect(chunks.at(-1)).toEqual({ type: "abort" });
    expect(textOf(await collect(await send(chat, "cancel", "again")))).toBe("answer 2 to again");
  });

  it("moves to a new run when the agent asks for an upgrade", async () => {
    const chat = transport();
    expect(textOf(await collect(await send(chat, "upgrade", "upgrade")))).toBe("answer 1 to upgrade");
    expect(textOf(await collect(await send(chat, "upgrade", "again")))).toBe("answer 2 to again");
    const { runs } = await runsOf("upgrade");
    expect(runs.length).toBe(2);
  });

  it(
    "replaces a run that a chunk over 1 MiB has frozen, once the user stops it",
    { timeout: 60_000 },
    async () => {
      const chat = transport();
      const stream = await send(chat, "frozen", "huge");
      const answering = () => expect(test.logs.join("\n")).toContain("huge now");
      void vi
        .waitFor(answering, 20_000)
        .then(() => setTimeout(() => void chat.stopGeneration("frozen"), 1_000));
      // The page that pressed Stop is done; other readers get the end of the turn from the engine.
      await collect(stream);
      const ended = async () => JSON.stringify((await api("/realtime/v1/sessions/frozen/out/records")).body);
      await vi.waitFor(async () => expect(await ended()).toContain("didn't react"), {
        timeout: 20_000,
        interval: 200,
      });
      expect(textOf(await collect(await send(chat, "frozen", "again")))).toBe("answer 2 to again");
    },
  );

  it("ends an open stream when the session is closed from outside", async () => {
    const chat = transport();
    await collect(await send(chat, "close", "hello"));
    const closed = await api("/api/v1/sessions/close/close", { reason: "done" });
    expect(closed.body).toMatchObject({ closedReason: "done" });
    await expect(send(chat, "close", "again").then((stream) => collect(stream))).rejects.toThrow();
    await vi.waitFor(async () => expect((await runsOf("close")).runs[0]!.status).toBe("COMPLETED"), 10_000);
  });
});
