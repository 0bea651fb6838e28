// First: it installs the catalog that `chat.agent` registers with.
import { mockChatAgent, type MockChatAgentHarness } from "@trigger.dev/sdk/ai/test";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { message, testDatabase } from "@/e2e/support/chat-fixtures";
import { startOpenAiServer, type OpenAiServer, type Reply } from "@/e2e/support/openai-server";
import { loadTranscript, type Transcript } from "@/lib/chat/tree/queries";
import { MAX_STEPS } from "@/lib/chat/max-steps";
import { db as workerDb } from "@/lib/db/client";
import { chatAgent } from "@/trigger/chat";
import { alternate } from "@/lib/agent/providers/plain-roles";

/** What providers of models really send (an OpenAI-compatible server answers like this), and what the reader gets. */
const shared = testDatabase();
let server: OpenAiServer;
let harness: MockChatAgentHarness;
let chatId: string;

beforeAll(async () => {
  server = await startOpenAiServer();
});
afterAll(async () => {
  await server.close();
  await workerDb.$disconnect();
});
beforeEach(async () => {
  for (const [name, value] of Object.entries({
    AI_GATEWAY_API_KEY: "",
    ANTHROPIC_API_KEY: "",
    DATABASE_URL: shared.url,
    OPENAI_BASE_URL: server.url,
    OPENAI_API_KEY: "secret-key",
    OPENAI_MODEL: "small-model",
  }))
    vi.stubEnv(name, value);
  server.reset();
  chatId = `chat-${crypto.randomUUID()}`;
  await shared.db.chat.create({ data: { id: chatId, userId: "ada" } });
  harness = mockChatAgent(chatAgent, { chatId });
});
afterEach(async () => {
  await harness.close();
  vi.unstubAllEnvs();
});

type Turn = Awaited<ReturnType<typeof ask>>;
const ask = (text: string, id = "u1") => harness.sendMessage(message(id, text, "user"));
const errorsOf = (turn: Turn) =>
  turn.rawChunks.flatMap((chunk) =>
    (chunk as { type?: string }).type === "error" ? [(chunk as { errorText: string }).errorText] : [],
  );
const textOf = (turn: Turn) =>
  turn.chunks.map((chunk) => (chunk.type === "text-delta" ? chunk.delta : "")).join("");
const thoughtOf = (turn: Turn) =>
  turn.chunks.map((chunk) => (chunk.type === "reasoning-delta" ? chunk.delta : "")).join("");
const saved = (check: (transcript: Transcript) => void) =>
  vi.waitFor(
    async () => {
      const transcript = await loadTranscript(shared.db, chatId);
      check(transcript!);
      return transcript!;
    },
    { timeout: 15_000, interval: 20 },
  );
const idle = () =>
  saved((transcript) => expect(transcript).toMatchObject({ status: "idle", messages: [{}, {}] }));

const chunk = (delta: object, finish: string | null = null, more: object = {}) => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 1,
  model: "small-model",
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});
const words = (text: string, finish: string | null = "stop"): Reply => ({
  type: "chunks",
  chunks: [chunk({ role: "assistant", content: text }), chunk({}, finish)],
});

describe("how an answer ended", () => {
  it.each([
    ["length", words("This stops in the mid", "length")],
    ["content-filter", words("", "content_filter")],
    ["empty", words("", "stop")],
    ["empty", words(" \n ", "stop")],
    [
      "only-thoughts",
      { type: "chunks", chunks: [chunk({ reasoning_content: "Hm, tides." }), chunk({}, "stop")] },
    ],
  ] satisfies [string, Reply][])("says %s, and still does after a reload", async (ending, reply) => {
    server.script(reply, words("Next."));
    expect(errorsOf(await ask("hello"))).toEqual([]);
    const { messages } = await idle();
    expect(messages[1]?.metadata?.ending).toBe(ending);

    // A provider that wants alternating roles is asked in alternating roles.
    expect(errorsOf(await ask("and now?", "u2"))).toEqual([]);
    const roles = server.requests[1]?.body.messages?.map(({ role }) => role) ?? [];
    expect(roles.filter((role, index) => index > 0 && role === roles[index - 1])).toEqual([]);
    expect(JSON.stringify(server.requests[1]?.body.messages)).toContain("hello");
  });

  it("says so at the agent's limit of steps", async () => {
    server.script(
      ...Array.from({ length: MAX_STEPS }, (_, index): Reply => ({
        type: "tool",
        name: "weather",
        input: { city: `Oslo ${index}` },
        id: `call_${index}`,
      })),
    );
    await ask("weather everywhere");
    const { messages } = await idle();
    expect(messages[1]?.metadata?.ending).toBe("steps");
    expect(server.requests).toHaveLength(MAX_STEPS);
  });

  it("says nothing of an answer that ended as answers do", async () => {
    server.script(words("Fine."));
    await ask("hello");
    expect((await idle()).messages[1]?.metadata).not.toHaveProperty("ending");
  });

  it("forgets the turn before: a failure, then one refusal that passes and a whole answer", async () => {
    server.script(
      ...Array.from({ length: 3 }, (): Reply => ({ type: "status", status: 502, message: "bad gateway" })),
      { type: "status", status: 429, message: "slow down", headers: { "retry-after": "1" } },
      words("Whole."),
    );
    expect(errorsOf(await ask("one"))).toEqual([expect.stringMatching(/problem of its own/)]);
    const failed = await saved((transcript) => expect(transcript.status).toBe("failed"));
    expect(failed.failure).toMatch(/problem of its own/);
    const turn = await ask("two", "u2");
    expect(errorsOf(turn)).toEqual([]);
    expect(textOf(turn)).toBe("Whole.");
    const whole = await saved((transcript) => expect(transcript.status).toBe("idle"));
    expect(whole.nonFinalIds).toEqual([]);
    expect(whole).not.toHaveProperty("failure");
  });
});

describe("what a provider refuses is a sentence of its own", () => {
  it.each([
    [
      400,
      "context_length_exceeded",
      "This model's maximum context length is 8192 tokens.",
      /too long for the model/,
    ],
    [400, "", "prompt is too long: 210000 tokens > 200000 maximum", /too long for the model/],
    [429, "insufficient_quota", "You exceeded your current quota", /no credit left/],
    [400, "", "Your credit balance is too low to access the API.", /no credit left/],
    [400, "content_filter", "The response was filtered", /content filter refused/],
    [400, "", "This model does not support image input", /can't read images/],
    [429, "rate_limit_exceeded", "Rate limit reached", /limiting requests/],
  ])("%i %s: %s", async (status, code, words, sentence) => {
    const reply: Reply = { type: "status", status, message: `${words} (secret-key)`, code };
    server.script(reply, reply, reply);
    const errors = errorsOf(await ask("hello"));
    expect(errors).toEqual([expect.stringMatching(sentence)]);
    expect(errors.join()).not.toContain("secret-key");
  });
});

describe("thoughts between tags", () => {
  it.each([
    ["<think>Tides, hm.</think>\n\nTwice a day.", "Tides, hm.", "Twice a day."],
    ["<think>Tides, hm", "Tides, hm", ""],
    ["Write <think> in it.", "", "Write <think> in it."],
    ["  <thinking>\nA</thinking>B", "A", "B"],
  ])("%s", async (text, thought, answer) => {
    const pieces = text.match(/.{1,3}/gs) ?? [];
    server.script({
      type: "chunks",
      chunks: [...pieces.map((content) => chunk({ content })), chunk({}, "stop")],
    });
    const turn = await ask("tides?");
    expect(thoughtOf(turn).trim()).toBe(thought);
    expect(textOf(turn)).toBe(answer);
    const { messages } = await idle();
    expect(messages[1]?.metadata?.ending ?? null).toBe(answer ? null : "only-thoughts");

    server.script(words("Next."));
    await ask("and now?", "u2");
    if (thought) expect(JSON.stringify(server.requests[1]?.body.messages)).not.toContain("think");
  });

  it.each([
    ["<think>A title, hm.</think>Tides of Fundy", "Tides of Fundy"],
    ["<think>A title, hm", null],
    ["Sure! Here's a title:\n\nTides of Fundy", "Tides of Fundy"],
    ['Here is a title for the conversation: "Tides of Fundy"', "Tides of Fundy"],
  ])("are no title: %s", async (given, title) => {
    server.setTitle(given);
    server.script(words("Twice a day."));
    await ask("How often do the tides turn?");
    await idle();
    const titled = () =>
      shared.db.chat.findUnique({ where: { id: chatId }, select: { title: true, titledBy: true } });
    if (title === null) expect((await titled())?.titledBy).toBeNull();
    else await vi.waitFor(async () => expect(await titled()).toEqual({ title, titledBy: "model" }), 15_000);
  });
});

describe("a stream that is not quite one", () => {
  it("ends with [DONE] and no reason", async () => {
    server.script({ type: "chunks", chunks: [chunk({ content: "Whole " }), chunk({ content: "answer." })] });
    const turn = await ask("hello");
    expect(errorsOf(turn)).toEqual([]);
    expect(textOf(turn)).toBe("Whole answer.");
    await idle();
    await vi.waitFor(async () =>
      expect((await shared.db.chat.findUnique({ where: { id: chatId } }))?.titledBy).toBe("model"),
    );
  });

  it.each([
    ["stops without an end", { type: "chunks", chunks: [chunk({ content: "Half" })], isDone: false }],
    [
      "has an error in it",
      { type: "chunks", chunks: [chunk({ content: "Half" }), { error: { message: "boom (secret-key)" } }] },
    ],
  ] satisfies [string, Reply][])(
    "%s: the connection broke, and what was written is kept",
    async (_, reply) => {
      server.script(reply);
      const errors = errorsOf(await ask("hello"));
      expect(errors).toEqual([expect.stringMatching(/connection to the model provider broke/)]);
      const { messages } = await saved((transcript) =>
        expect(transcript).toMatchObject({ status: "failed", messages: [{}, {}] }),
      );
      expect(JSON.stringify(messages[1]?.parts)).toContain("Half");
    },
  );

  it("counts what is null as unknown", async () => {
    const usage = { prompt_tokens: null, completion_tokens: null, total_tokens: null };
    server.script({
      type: "chunks",
      chunks: [chunk({ content: "Hi" }), chunk({}, "stop"), { ...chunk({}), choices: [], usage }],
    });
    await ask("hello");
    const { metadata } = (await idle()).messages[1]!;
    expect(metadata).not.toHaveProperty("inputTokens");
    expect(metadata).not.toHaveProperty("outputTokens");
    expect(metadata?.cost).toBeNull();
  });

  it("is JSON: its text is the answer, its calls are made", async () => {
    const completion = (said: object, reason: string) => ({
      id: "c1",
      object: "chat.completion",
      created: 1,
      model: "small-model",
      choices: [{ index: 0, message: { role: "assistant", ...said }, finish_reason: reason }],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
    });
    const call = {
      id: "call_1",
      type: "function",
      function: { name: "weather", arguments: '{"city":"Oslo"}' },
    };
    for (const body of [
      completion({ content: null, tool_calls: [call] }, "tool_calls"),
      completion({ content: "Cold." }, "stop"),
    ])
      server.script({ type: "raw", contentType: "application/json", body: JSON.stringify(body) });
    const turn = await ask("weather?");
    expect(errorsOf(turn)).toEqual([]);
    expect(textOf(turn)).toBe("Cold.");
    expect((await idle()).messages[1]?.metadata).toMatchObject({ inputTokens: 10, outputTokens: 4 });
  });

  it("is a web page", async () => {
    server.script({ type: "raw", contentType: "text/html", body: "\n<!doctype html><p>Welcome</p>" });
    expect(errorsOf(await ask("hello"))).toEqual([expect.stringMatching(/answers with a web page/)]);
  });

  it("has arguments that are an object", async () => {
    const called = {
      index: 0,
      id: "c",
      type: "function",
      function: { name: "weather", arguments: { city: "Oslo" } },
    };
    server.script(
      { type: "chunks", chunks: [chunk({ tool_calls: [called] }), chunk({}, "tool_calls")] },
      words("Cold."),
    );
    const turn = await ask("weather?");
    expect(errorsOf(turn)).toEqual([]);
    expect(textOf(turn)).toBe("Cold.");
    expect(JSON.stringify(server.requests[1]?.body.messages)).toContain("Oslo");
  });
});

it("roles alternate, and no word is lost", () => {
  const user = (text: string) => ({ role: "user" as const, content: [{ type: "text" as const, text }] });
  const image = {
    type: "file" as const,
    mediaType: "image/png",
    data: { type: "data" as const, data: new Uint8Array() },
  };
  expect(
    alternate([
      { role: "system", content: "S" },
      user("a"),
      { role: "assistant", content: [{ type: "reasoning", text: "hm" }] },
      user("b"),
      { role: "user", content: [image] },
      { role: "assistant", content: [{ type: "text", text: "c" }] },
    ]),
  ).toEqual([
    { role: "system", content: "S" },
    { role: "user", content: [{ type: "text", text: "a\n\nb" }, image] },
    { role: "assistant", content: [{ type: "text", text: "c" }] },
  ]);
});
