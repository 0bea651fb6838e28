/**
 * The smoke checks of the SDK's upgrade guide (docs/ai-chat/upgrade-guide.mdx, "Verifying the migration"), one test for
 * each line: the SDK's own transport, on a real engine with real workers.
 */
import { TriggerChatTransport } from "@trigger.dev/sdk/chat";
import type { UIMessageChunk } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "../support/engine";

/** Each turn calls a tool whose output is large, then says how many questions it has heard. */
const TASKS = `
import { chat } from "@trigger.dev/sdk/ai";
import { simulateReadableStream, stepCountIs, streamText, tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { z } from "zod";

const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
const finish = (unified) => ({ type: "finish", finishReason: { unified, raw: unified }, usage });
const said = (text) => [
  { type: "stream-start", warnings: [] },
  { type: "text-start", id: "t" },
  ...text.split(" ").map((word, index) => ({ type: "text-delta", id: "t", delta: (index ? " " : "") + word })),
  { type: "text-end", id: "t" },
  finish("stop"),
];
const called = (id) => [
  { type: "stream-start", warnings: [] },
  { type: "tool-call", toolCallId: id, toolName: "search", input: "{}" },
  finish("tool-calls"),
];
const tools = {
  search: tool({ inputSchema: z.object({}), execute: async () => ({ found: "x".repeat(20_000) }) }),
};
export const agent = chat.agent({
  id: "chat",
  tools,
  idleTimeoutInSeconds: 1,
  onChatStart: ({ chatId }) => console.log("chat started " + chatId),
  onTurnStart: ({ uiMessages, turn }) => {
    if (JSON.stringify(uiMessages.at(-1)).includes("upgrade, then") && turn > 0) chat.requestUpgrade();
  },
  run: async ({ messages, signal }) => {
    const questions = messages.filter((message) => message.role === "user");
    const asked = JSON.stringify(questions.at(-1));
    const pause = asked.includes("slowly") ? 60 : 1;
    const model = new MockLanguageModelV4({
      doStream: async ({ prompt }) => {
        const chunks = prompt.at(-1).role === "tool"
          ? said("heard " + questions.length + " of 0 1 2 3 4 5 6 7 8 9")
          : called("call-" + Math.random());
        return { stream: simulateReadableStream({ chunks, initialDelayInMs: 0, chunkDelayInMs: pause }) };
      },
    });
    return streamText({ model, messages, tools, abortSignal: signal, stopWhen: stepCountIs(3) });
  },
});
`;

const heard = (questions: number) => `heard ${questions} of 0 1 2 3 4 5 6 7 8 9`;

describe.each(["embedded", "platform"] as const)("engine mode %s", { timeout: 180_000 }, (mode) => {
  let test: TestEngine;

  beforeAll(async () => {
    // A run that waits is ended soon, as it would be after an hour.
    test = await startTestEngine({ tasks: TASKS, mode, parkLimitMs: 200 });
  });

  afterAll(() => test?.close());

  async function api(path: string, body?: unknown) {
    const response = await fetch(`${test.url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${TEST_SECRET_KEY}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, any>;
  }

  type Page = Awaited<ReturnType<typeof open>>;

  /** A page that counts what it asks of the app, and how large its appends are. */
  function open(chatId: string, session?: { publicAccessToken: string; lastEventId?: string }) {
    const seen = { starts: 0, tokens: 0, appends: [] as number[] };
    const start = async () => {
      const created = await api("/api/v1/sessions", {
        type: "chat.agent",
        externalId: chatId,
        taskIdentifier: "chat",
        triggerConfig: { basePayload: { messages: [], trigger: "preload", chatId } },
      });
      return created["publicAccessToken"] as string;
    };
    const transport = new TriggerChatTransport({
      task: "chat",
      baseURL: test.url,
      startSession: async () => {
        seen.starts += 1;
        return { publicAccessToken: await start() };
      },
      accessToken: async () => {
        seen.tokens += 1;
        return start();
      },
      fetch: (url: string | URL, init: RequestInit & { body?: string }) => {
        if (String(url).endsWith("/in/append")) seen.appends.push(Buffer.byteLength(init.body ?? ""));
        return fetch(url, init);
      },
      ...(session ? { sessions: { [chatId]: { isStreaming: true, ...session } } } : {}),
    } as never);
    const send = (text: string) =>
      transport.sendMessages({
        chatId,
        messages: [{ id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text }] }],
        trigger: "submit-message",
        messageId: undefined,
        abortSignal: undefined,
      });
    return { seen, transport, send, ask: async (text: string) => textOf(await send(text)) };
  }

  async function textOf(stream: ReadableStream<UIMessageChunk> | null, enough = Infinity): Promise<string> {
    let text = "";
    let chunks = 0;
    for await (const chunk of stream as unknown as AsyncIterable<UIMessageChunk>) {
      if (chunk.type === "start") text = "";
      if (chunk.type === "text-delta") text += chunk.delta;
      if (chunk.type === "text-delta" && ++chunks === enough) break;
    }
    return text;
  }

  async function runsOf(chatId: string) {
    const { id } = await api(`/api/v1/sessions/${chatId}`);
    const { data } = await api("/api/v1/runs?page[size]=100");
    const runs = data as { id: string; status: string; reason: string; payload: { sessionId?: string } }[];
    return runs.filter(({ payload }) => payload.sessionId === id).toReversed();
  }

  /** Waits until the chat's run has ended by itself. */
  const idledOut = (chatId: string) =>
    expect.poll(async () => (await runsOf(chatId)).at(-1)?.status, { timeout: 30_000 }).toBe("COMPLETED");

  const chatStarts = (chatId: string) =>
    test.logs.filter((line) => line.includes(`chat started ${chatId}`)).length;

  it("sends a message, and the assistant streams an answer", async () => {
    expect(await open("streams").ask("hello")).toBe(heard(1));
  });

  it("reloads in mid-answer, and resumes", async () => {
    const page: Page = open("reloads");
    const begun = await textOf(await page.send("slowly"), 3);
    expect(heard(1).startsWith(begun)).toBe(true);
    const { publicAccessToken } = page.transport.getSession("reloads")!;
    const again = open("reloads", { publicAccessToken });
    expect(await textOf(await again.transport.reconnectToStream({ chatId: "reloads" }))).toBe(heard(1));
  });

  it("eager preload: startSession is called, and a session with its first run exists before a message", async () => {
    const page = open("preloaded");
    await page.transport.preload("preloaded");
    expect(page.seen).toMatchObject({ starts: 1, appends: [] });
    expect(await runsOf("preloaded")).toMatchObject([{ reason: "first" }]);
    expect(await page.ask("hello")).toBe(heard(1));
    expect(page.seen).toMatchObject({ starts: 1, tokens: 0 });
    expect(await runsOf("preloaded")).toHaveLength(1);
  });

  it("idle continuation: the next message starts a run of the same session, with its reason", async () => {
    const page = open("idle");
    await page.ask("hello");
    await idledOut("idle");
    expect(await page.ask("again")).toBe(heard(2));
    expect((await runsOf("idle")).map(({ reason }) => reason)).toEqual(["first", "continuation"]);
    expect(page.seen).toMatchObject({ starts: 1, tokens: 0 });
  });

  it("stale token: a corrupt signature is refused, refreshed exactly once, and the message is sent once", async () => {
    const first = open("stale");
    await first.ask("hello");
    const session = first.transport.getSession("stale")!;
    const [head, claims, signature] = session.publicAccessToken.split(".");
    const corrupt = [head, claims, signature!.split("").toReversed().join("")].join(".");
    const page = open("stale", { ...session, publicAccessToken: corrupt });
    expect(await page.ask("again")).toBe(heard(2));
    expect(page.seen).toMatchObject({ starts: 0, tokens: 1 });
    const { records } = await api("/realtime/v1/sessions/stale/in/records");
    expect(records).toHaveLength(2);
  });

  it("30 turns with tools: every append stays under 5 KB", async () => {
    const page = open("long");
    for (let turn = 1; turn <= 30; turn++) expect(await page.ask(`question ${turn}`)).toBe(heard(turn));
    expect(page.seen.appends).toHaveLength(30);
    expect(Math.max(...page.seen.appends)).toBeLessThan(5 * 1024);
  });

  it("onChatStart: once per chat, over an idle exit and an upgrade", async () => {
    const page = open("once");
    await page.ask("hello");
    await idledOut("once");
    await page.ask("again");
    await page.ask("upgrade, then answer");
    expect((await runsOf("once")).map(({ reason }) => reason)).toEqual(["first", "continuation", "upgrade"]);
    expect(chatStarts("once")).toBe(1);
  });
});
