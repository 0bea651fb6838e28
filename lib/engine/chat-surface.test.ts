import http from "node:http";
import type { AddressInfo } from "node:net";
import { configure, sessions } from "@trigger.dev/sdk";
import { chat as agentChat } from "@trigger.dev/sdk/ai";
import { AgentChat, TriggerChatTransport } from "@trigger.dev/sdk/chat";
import { chat as chatServer } from "@trigger.dev/sdk/chat-server";
import {
  readUIMessageStream,
  simulateReadableStream,
  streamText,
  tool,
  type UIMessage,
  type UIMessageChunk,
} from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { engineClient, eventually } from "@/e2e/support/engine-client";

/** An agent with every feature; the last user message selects what it does. */
const TASKS = `
import { chat } from "@trigger.dev/sdk/ai";
import { simulateReadableStream, stepCountIs, tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { z } from "zod";

const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
const end = (reason) => ({ type: "finish", finishReason: { unified: reason, raw: reason }, usage });
const say = (text) => [
  { type: "stream-start", warnings: [] }, { type: "text-start", id: "t" },
  ...text.split(/(?<= )/).map((delta) => ({ type: "text-delta", id: "t", delta })),
  { type: "text-end", id: "t" }, end("stop") ];
const call = (toolName, input) => [
  { type: "stream-start", warnings: [] },
  { type: "tool-call", toolCallId: "call_" + Math.random().toString(36).slice(2), toolName, input: JSON.stringify(input) },
  end("tool-calls") ];
const textOf = (m) => typeof m.content === "string" ? m.content : m.content.map((p) => p.text ?? "").join("");
const users = (prompt) => prompt.filter((m) => m.role === "user").map(textOf);

function answer(prompt) {
  const asked = users(prompt).at(-1);
  const last = prompt.at(-1);
  if (last.role === "tool") {
    const outputs = last.content.map((p) => p.output ? JSON.stringify(p.output.value ?? p.output) : p.type);
    return say("tool said " + outputs.join(",") + " after " + users(prompt).join("|"));
  }
  if (asked === "look it up" || asked.startsWith("tool ")) return call("lookup", { q: asked });
  if (asked === "slow tool") return call("slow", {});
  if (asked === "ask me") return call("confirm", { question: "sure?" });
  if (asked === "dangerous") return call("danger", { what: "x" });
  return say("answer " + users(prompt).length + " to " + asked);
}
const model = new MockLanguageModelV4({ doStream: async ({ prompt }) => ({
  stream: simulateReadableStream({ chunks: answer(prompt), initialDelayInMs: 0, chunkDelayInMs: 2 }) }) });

const tools = {
  lookup: tool({ inputSchema: z.object({ q: z.string() }), execute: async ({ q }) => "found " + q }),
  slow: tool({ inputSchema: z.object({}), execute: async () => { await new Promise((r) => setTimeout(r, 1500)); return "slowly"; } }),
  confirm: tool({ inputSchema: z.object({ question: z.string() }) }),
  danger: tool({ inputSchema: z.object({ what: z.string() }), needsApproval: true, execute: async ({ what }) => "did " + what }),
};
let upgraded = false;
export const agent = chat.agent({
  id: "chat",
  tools,
  idleTimeoutInSeconds: 1,
  pendingMessages: { shouldInject: () => true },
  actionSchema: z.object({ type: z.enum(["undo", "again"]) }),
  onAction: async ({ action }) => {
    if (action.type === "undo") chat.history.slice(0, -2);
    if (action.type === "again") { chat.history.slice(0, -1); return chat.turn(); }
  },
  onValidateMessages: ({ messages }) => {
    if (messages.some((m) => m.parts.some((p) => p.text === "forbidden"))) throw new Error("not in this house");
    return messages;
  },
  onTurnStart: async ({ uiMessages }) => {
    const asked = uiMessages.findLast((m) => m.role === "user")?.parts.map((p) => p.text ?? "").join("");
    if (asked === "upgrade first" && !continued) chat.requestUpgrade();
    if (asked === "upgrade always") chat.requestUpgrade();
  },
  onBoot: async ({ continuation }) => { continued = continuation; },
  run: async ({ messages, tools, signal, streamText }) => {
    const asked = users(messages).at(-1);
    if (asked === "sleep briefly") chat.setTurnTimeoutInSeconds(1);
    if (asked === "end the run") chat.endRun();
    if (asked === "close the chat") await chat.close({ reason: "agent said so" });
    if (asked === "side") await chat.channel("notes").out.append({ note: 1 });
    return streamText({ model, messages, tools, abortSignal: signal, stopWhen: stepCountIs(5) });
  },
});
let continued = false;
`;

let test: TestEngine;
const { call } = engineClient(() => test);

beforeAll(async () => {
  test = await startTestEngine({ tasks: TASKS });
  configure({ baseURL: test.url, accessToken: TEST_SECRET_KEY });
}, 60_000);
afterAll(() => test.close());

type Sent = { url: string; bytes: number };

/** Acts as one browser page on one chat: sends messages, and collects those that it would show. */
function openPage(chatId: string, options: Record<string, unknown> = {}) {
  const start = agentChat.createStartSessionAction("chat");
  const sent: Sent[] = [];
  const transport = new TriggerChatTransport({
    task: "chat",
    baseURL: test.url,
    startSession: async () => start({ chatId }),
    accessToken: async () => (await start({ chatId })).publicAccessToken,
    fetch: (url: string, init: RequestInit) => {
      sent.push({ url, bytes: typeof init.body === "string" ? Buffer.byteLength(init.body) : 0 });
      return fetch(url, init);
    },
    ...options,
  } as never);
  let number = 0;
  let messages: UIMessage[] = [];

  async function readAnswer(stream: ReadableStream<UIMessageChunk>, resume?: UIMessage) {
    const chunks: UIMessageChunk[] = [];
    const seen = stream.pipeThrough(
      new TransformStream<UIMessageChunk, UIMessageChunk>({
        transform(chunk, controller) {
          chunks.push(chunk);
          controller.enqueue(chunk);
        },
      }),
    );
    let message: UIMessage | undefined;
    for await (const next of readUIMessageStream({ stream: seen, ...(resume ? { message: resume } : {}) }))
      message = next;
    if (message) messages = [...messages.filter(({ id }) => id !== message.id), message];
    return { chunks, text: textOf(message), message };
  }

  async function submit(trigger: "submit-message" | "regenerate-message", resume?: UIMessage) {
    const stream = await transport.sendMessages({
      chatId,
      messages,
      trigger,
      messageId: undefined,
      abortSignal: undefined,
    });
    return readAnswer(stream, resume);
  }

  return {
    transport,
    sent,
    readAnswer,
    messages: () => messages,
    send(text: string) {
      messages = [...messages, user(`${chatId}-${++number}`, text)];
      return submit("submit-message");
    },
    regenerate() {
      messages = messages.slice(0, -1);
      return submit("regenerate-message");
    },
    /** Sends the last assistant message back with a change to its tool part, as `addToolOutput` does. */
    answerTool(change: (part: Record<string, unknown>) => Record<string, unknown>) {
      const last = messages.at(-1)!;
      const parts = last.parts.map((part) =>
        part.type.startsWith("tool-") ? (change(part as never) as never) : part,
      );
      messages = [...messages.slice(0, -1), { ...last, parts }];
      return submit("submit-message", structuredClone(messages.at(-1)!));
    },
  };
}

const user = (id: string, text: string): UIMessage => ({ id, role: "user", parts: [{ type: "text", text }] });

function textOf(message: UIMessage | undefined) {
  return (message?.parts ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
}

async function session(chatId: string) {
  return (await call(`/api/v1/sessions/${encodeURIComponent(chatId)}`)).body;
}

async function runsOf(chatId: string) {
  const { id } = await session(chatId);
  const { body } = await call("/api/v1/runs?page[size]=100");
  const all = body["data"] as {
    id: string;
    status: string;
    reason: string;
    payload: { sessionId?: string };
  }[];
  return all.filter((run) => run.payload.sessionId === id).toReversed();
}

const asleep = (chatId: string) =>
  vi.waitFor(
    async () => expect((await session(chatId))["currentRun"]).toMatchObject({ status: "WAITING" }),
    eventually,
  );

const gone = (chatId: string) =>
  vi.waitFor(async () => expect((await session(chatId))["currentRun"]).toBeNull(), eventually);

describe("a conversation", () => {
  it("of thirty turns with tools never sends more than 5 KB", { timeout: 120_000 }, async () => {
    const page = openPage("long");
    for (let turn = 1; turn <= 30; turn++) {
      const { text } = await page.send(`tool ${turn} ${"x".repeat(500)}`);
      expect(text).toMatch(new RegExp(`^tool said "found tool ${turn} x+"`));
    }
    const appends = page.sent.filter(({ url }) => url.endsWith("/in/append"));
    expect(appends).toHaveLength(30);
    expect(Math.max(...appends.map(({ bytes }) => bytes))).toBeLessThan(5 * 1024);
    expect(await runsOf("long")).toHaveLength(1);
  });

  it("goes on in a new run when the old one has slept too long, and the reason is recorded", async () => {
    const page = openPage("idle");
    await page.send("sleep briefly");
    await asleep("idle");
    await gone("idle");
    expect((await page.send("again")).text).toBe("answer 2 to again");
    expect((await runsOf("idle")).map(({ reason, status }) => [reason, status])).toMatchObject([
      ["first", "COMPLETED"],
      ["continuation", expect.any(String)],
    ]);
  });

  it("answers again what is regenerated", async () => {
    const page = openPage("regenerate");
    await page.send("one");
    await page.send("two");
    expect((await page.regenerate()).text).toBe("answer 2 to two");
    expect((await page.send("three")).text).toBe("answer 3 to three");
  });

  it("takes actions: one that only edits, and one that has a turn answer", async () => {
    const page = openPage("actions");
    await page.send("one");
    await page.send("two");
    await page.readAnswer(await page.transport.sendAction("actions", { type: "undo" }));
    expect((await page.send("three")).text).toBe("answer 2 to three");
    const again = await page.readAnswer(await page.transport.sendAction("actions", { type: "again" }));
    expect(again.text).toBe("answer 2 to three");
  });

  it("refuses a message that the agent's own check does not want, and lives", async () => {
    const page = openPage("validated");
    await page.send("hello");
    const { chunks } = await page.send("forbidden").catch((error: unknown) => ({ chunks: [String(error)] }));
    expect(JSON.stringify(chunks)).toContain("not in this house");
    expect((await page.send("sorry")).text).toContain("to sorry");
    expect(await runsOf("validated")).toHaveLength(1);
  });

  it("hears what is said during a tool call", async () => {
    const page = openPage("steered");
    await page.send("hello");
    const answering = page.send("slow tool");
    await vi.waitFor(async () => {
      const { body } = await call("/realtime/v1/sessions/steered/out/records");
      expect(JSON.stringify(body)).toContain("tool-input-available");
    }, eventually);
    expect(await page.transport.sendPendingMessage("steered", user("steer", "and hurry"))).toBe(true);
    const { text, chunks } = await answering;
    expect(text).toContain("and hurry");
    expect(chunks.map(({ type }) => type)).toContain("data-pending-message-injected");
    expect((await page.send("thanks")).text).toContain("to thanks");
  });
});

describe("a human in the loop", () => {
  it("answers a question, awake or after a sleep, in the same message", { timeout: 60_000 }, async () => {
    for (const sleep of [false, true]) {
      const chatId = `hitl-${sleep}`;
      const page = openPage(chatId);
      const asked = await page.send("ask me");
      expect(asked.message!.parts.at(-1)).toMatchObject({ type: "tool-confirm", state: "input-available" });
      if (sleep) await asleep(chatId);
      const done = await page.answerTool((part) => ({ ...part, state: "output-available", output: "yes" }));
      expect(done.text).toBe('tool said "yes" after ask me');
      expect(done.message!.id).toBe(asked.message!.id);
      expect(await runsOf(chatId)).toHaveLength(1);
    }
  });

  it("answers a question in the next run when the first one is gone", async () => {
    const page = openPage("hitl-gone");
    await page.send("ask me");
    await call(`/api/v2/runs/${(await session("hitl-gone"))["currentRunId"]}/cancel`, {});
    await gone("hitl-gone");
    const done = await page.answerTool((part) => ({ ...part, state: "output-available", output: "late" }));
    expect(done.text).toBe('tool said "late" after ask me');
  });

  it("approves a tool before it runs", async () => {
    const page = openPage("approval");
    const asked = await page.send("dangerous");
    const part = asked.message!.parts.at(-1) as { state: string; approval: { id: string } };
    expect(part).toMatchObject({ state: "approval-requested" });
    const approval = { id: part.approval.id, approved: true };
    const done = await page.answerTool((before) => ({ ...before, state: "approval-responded", approval }));
    expect(JSON.stringify(done.message!.parts)).toContain("did x");
  });
});

describe("leaving", () => {
  it("before the turn hands the message to the newest version", async () => {
    const page = openPage("upgrade-first");
    expect((await page.send("upgrade first")).text).toBe("answer 1 to upgrade first");
    expect((await runsOf("upgrade-first")).map(({ reason }) => reason)).toEqual(["first", "upgrade"]);
  });

  it("before every turn is noticed as a loop", { timeout: 60_000 }, async () => {
    const page = openPage("upgrade-always");
    const { chunks } = await page
      .send("upgrade always")
      .catch((error: unknown) => ({ chunks: [String(error)] }));
    expect(JSON.stringify(chunks)).toContain("kept restarting on a new version");
    expect((await page.send("hello")).text).toContain("to hello");
  });

  it("after the turn starts the next one in a new run", async () => {
    const page = openPage("end-run");
    expect((await page.send("end the run")).text).toBe("answer 1 to end the run");
    await gone("end-run");
    expect((await page.send("back")).text).toBe("answer 2 to back");
    expect((await runsOf("end-run")).map(({ reason }) => reason)).toEqual(["first", "continuation"]);
  });

  it("for good closes the session from inside", async () => {
    const page = openPage("closed");
    await page.send("close the chat");
    await gone("closed");
    expect(await session("closed")).toMatchObject({ closedReason: "agent said so", currentRun: null });
    await expect(page.send("hello?")).rejects.toThrow();
    expect((await runsOf("closed")).map(({ status }) => status)).toEqual(["COMPLETED"]);
  });
});

describe("other ways in", () => {
  it("AgentChat talks, is closed, and talks again", { timeout: 60_000 }, async () => {
    const chat = new AgentChat({ agent: "chat", id: "server", baseURL: test.url });
    expect(await (await chat.sendMessage("hello")).text()).toBe("answer 1 to hello");
    expect((await (await chat.sendMessage("look it up")).result()).toolResults).toHaveLength(1);
    await chat.close();
    await gone("server");
    // Only AgentChat was closed; the conversation is still open to other clients.
    const page = openPage("server");
    expect((await page.send("anyone?")).text).toBe("answer 3 to anyone?");
    expect((await page.send("good")).text).toBe("answer 4 to good");
  });

  it("a watcher sees every turn and may not speak", { timeout: 60_000 }, async () => {
    const page = openPage("watched");
    await page.send("hello");
    const token = await agentChat.createWatchToken("watched");
    const watcher = openPage("watched", {
      accessToken: async () => token,
      watch: true,
      sessions: { watched: { publicAccessToken: token, isStreaming: true } },
    });
    const seen: string[] = [];
    const stream = (await watcher.transport.reconnectToStream({ chatId: "watched" }))!;
    const reader = stream.getReader();
    const watching = (async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read())
        if (next.value.type === "text-delta") seen.push(next.value.delta);
    })().catch(() => {});
    await page.send("two");
    await page.send("three");
    await vi.waitFor(() => expect(seen.join("")).toContain("answer 2 to twoanswer 3 to three"), eventually);
    await reader.cancel();
    await watching;
    const write = await fetch(`${test.url}/realtime/v1/sessions/watched/in/append`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: '{"kind":"stop"}',
    });
    expect(write.status).toBe(403);
  });

  it("side channels carry data past the conversation", async () => {
    const page = openPage("side");
    await page.send("side");
    const notes = await call("/realtime/v1/sessions/side/channels/notes/out/records");
    expect(notes.body["records"].map(({ data }: any) => data)).toEqual([{ note: 1 }]);
    await sessions.open("side").channel("notes").in.send({ hello: 1 });
    const input = await call("/realtime/v1/sessions/side/channels/notes/in/records");
    expect(JSON.parse(input.body["records"][0].data)).toEqual({ hello: 1 });
    expect(await runsOf("side")).toHaveLength(1);
  });

  it("the transcript is paged as the default storage keeps it", async () => {
    const page = openPage("transcript");
    for (const text of ["one", "two", "three"]) await page.send(text);
    await vi.waitFor(async () => {
      const { body } = await call("/api/v1/sessions/transcript/transcript");
      expect(body["messages"]).toHaveLength(6);
    }, eventually);
    const newest = (await call("/api/v1/sessions/transcript/transcript?limit=2")).body;
    expect(newest["messages"].map(textOf)).toEqual(["three", "answer 3 to three"]);
    expect(newest["cursors"]).toMatchObject({ lastOutEventId: expect.any(String) });
    const older = (
      await call(`/api/v1/sessions/transcript/transcript?limit=2&before=${newest["nextCursor"]}`)
    ).body;
    expect(older["messages"].map(textOf)).toEqual(["two", "answer 2 to two"]);
    for (const limit of ["0", "-1", "x", "1e9"])
      expect((await call(`/api/v1/sessions/transcript/transcript?limit=${limit}`)).status).toBeLessThan(500);
    expect((await call("/api/v1/sessions/nobody/transcript")).status).toBe(404);
  });
});

describe("a head start", () => {
  const lookup = tool({ inputSchema: z.object({ q: z.string() }) });

  /** The first step, in the web process: some text, or a call of a tool that only the agent can run. */
  const stepOne = (text?: string) => {
    const finish = text === undefined ? "tool-calls" : "stop";
    const content =
      text === undefined
        ? [{ type: "tool-call", toolCallId: "c1", toolName: "lookup", input: '{"q":"it"}' }]
        : [
            { type: "text-start", id: "t" },
            { type: "text-delta", id: "t", delta: text },
            { type: "text-end", id: "t" },
          ];
    const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
    const chunks: unknown[] = [
      { type: "stream-start", warnings: [] },
      ...content,
      { type: "finish", finishReason: { unified: finish, raw: finish }, usage },
    ];
    const stream = simulateReadableStream({ chunks }) as never;
    const model = new MockLanguageModelV4({ doStream: async () => ({ stream }) });
    return async ({ chat }: { chat: { toStreamTextOptions(o: object): object } }) =>
      streamText({
        ...chat.toStreamTextOptions({ tools: { lookup } }),
        model,
        tools: { lookup },
      } as never) as never;
  };

  it("answers from the web process, and the agent goes on from there", { timeout: 60_000 }, async () => {
    const handler = chatServer.headStart({ agentId: "chat", run: stepOne("head start") as never });
    const app = http.createServer(chatServer.toNodeListener(handler));
    await new Promise<void>((resolve) => void app.listen(0, "127.0.0.1", resolve));
    const { port } = app.address() as AddressInfo;
    const page = openPage("head-text", { headStart: `http://127.0.0.1:${port}/api/chat` });
    expect((await page.send("hello")).text).toBe("head start");
    expect((await page.send("and you?")).text).toBe("answer 2 to and you?");
    app.close();
  });

  it("hands a tool call to the agent, which answers in the same stream", { timeout: 60_000 }, async () => {
    const { completion } = await chatServer.startHeadStart({
      agentId: "chat",
      chatId: "head-tool",
      messages: [user("h2", "look it up")],
      run: stepOne() as never,
    });
    await completion;
    await vi.waitFor(async () => {
      const { body } = await call("/realtime/v1/sessions/head-tool/out/records");
      const text = body["records"].map(({ data }: any) => data?.delta ?? "").join("");
      expect(text).toBe('tool said "found it" after look it up');
    }, eventually);
  });
});

it("leaves no key and no token in what the engine and its workers have logged", () => {
  const log = test.logs.join("\n");
  expect(log).toContain("attempt started");
  expect(log).not.toContain(TEST_SECRET_KEY);
  expect(log).not.toMatch(/eyJ[\w-]{8,}|s2\.[\w-]{20,}|signature=[\w-]{8,}/);
});
