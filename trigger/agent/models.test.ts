// First: it installs the catalog that `chat.agent` registers with.
import { mockChatAgent, type MockChatAgentHarness } from "@trigger.dev/sdk/ai/test";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { message, testDatabase } from "@/e2e/support/chat-fixtures";
import { startOpenAiServer, type OpenAiServer } from "@/e2e/support/openai-server";
import { loadTranscript, type Transcript } from "@/lib/chat/tree/queries";
import { db as workerDb } from "@/lib/db/client";
import { chatAgent } from "../chat";
import { availableModels } from "@/lib/agent/model-catalog";
import { resolveModel } from "@/lib/agent/models";

const keys = [
  "AI_GATEWAY_API_KEY",
  "ANTHROPIC_API_KEY",
  "OPENAI_API_KEY",
  "OPENAI_BASE_URL",
  "AI_GATEWAY_MODEL",
  "ANTHROPIC_MODEL",
  "OPENAI_MODEL",
];

beforeEach(() => keys.forEach((key) => vi.stubEnv(key, "")));
afterEach(() => vi.unstubAllEnvs());

describe("which models there are", () => {
  it("is the demo model when nothing is configured", async () => {
    expect(availableModels()).toEqual([{ id: "demo", label: "Demo model (scripted)" }]);
    expect(await resolveModel()).toMatchObject({ id: "demo", model: { provider: "holdfast.demo" } });
  });

  it("is what has a key, the gateway first, and never a key itself", async () => {
    vi.stubEnv("AI_GATEWAY_API_KEY", "secret-gateway");
    vi.stubEnv("ANTHROPIC_API_KEY", "secret-anthropic");
    vi.stubEnv("OPENAI_API_KEY", "secret-openai");
    vi.stubEnv("ANTHROPIC_MODEL", "claude-haiku-5-5, claude-opus-5-5");
    expect(availableModels().map(({ id }) => id)).toEqual([
      "gateway/anthropic/claude-sonnet-5.5",
      "anthropic/claude-haiku-5-5",
      "anthropic/claude-opus-5-5",
      "openai/gpt-5.6",
    ]);
    expect(JSON.stringify(availableModels())).not.toContain("secret");
    expect((await resolveModel()).model).toMatchObject({
      provider: "gateway",
      modelId: "anthropic/claude-sonnet-5.5",
    });
    expect((await resolveModel("anthropic/claude-opus-5-5")).model).toMatchObject({
      provider: "anthropic.messages",
      modelId: "claude-opus-5-5",
    });
    expect((await resolveModel("openai/gpt-5.6")).model).toMatchObject({
      provider: "openai.responses",
      modelId: "gpt-5.6",
    });
  });

  it("gives the default to a chat whose model is not configured any more", async () => {
    expect((await resolveModel("openai/gone")).id).toBe("demo");
  });

  it("does not offer OpenAI itself when the key belongs to another server", () => {
    vi.stubEnv("OPENAI_API_KEY", "secret");
    vi.stubEnv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
    expect(availableModels()).toEqual([{ id: "compatible/auto", label: "auto · Own server" }]);
  });
});

describe("a real provider on a real wire", () => {
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
    vi.stubEnv("DATABASE_URL", shared.url);
    vi.stubEnv("OPENAI_BASE_URL", server.url);
    vi.stubEnv("OPENAI_API_KEY", "secret-key");
    vi.stubEnv("OPENAI_MODEL", "small-model");
    server.requests.length = 0;
    chatId = `chat-${crypto.randomUUID()}`;
    await shared.db.chat.create({ data: { id: chatId, userId: "ada" } });
    harness = mockChatAgent(chatAgent, { chatId });
  });
  afterEach(() => harness.close());

  const ask = (text: string, id = "u1") => harness.sendMessage(message(id, text, "user"));
  const errorsOf = (turn: Awaited<ReturnType<typeof ask>>) =>
    turn.rawChunks.flatMap((chunk) =>
      (chunk as { type?: string }).type === "error" ? [(chunk as { errorText: string }).errorText] : [],
    );
  const saved = (check: (transcript: Transcript) => void) =>
    vi.waitFor(
      async () => {
        const transcript = await loadTranscript(shared.db, chatId);
        check(transcript!);
        return transcript!;
      },
      { timeout: 15_000, interval: 20 },
    );

  it("streams an answer with its usage", async () => {
    server.script({ type: "text", pieces: ["Hel", "lo ", "there"] });
    const turn = await ask("hello");
    expect(turn.chunks.flatMap((chunk) => (chunk.type === "text-delta" ? [chunk.delta] : []))).toEqual([
      "Hel",
      "lo ",
      "there",
    ]);
    expect(server.requests[0]).toMatchObject({
      path: "/v1/chat/completions",
      authorization: "Bearer secret-key",
      body: { model: "small-model", stream: true },
    });
    expect(server.requests[0]?.body.messages?.map(({ role }) => role)).toEqual(["system", "user"]);
    const { messages } = await saved((transcript) => expect(transcript.messages).toHaveLength(2));
    expect(messages[1]?.metadata).toEqual({
      model: "compatible/small-model",
      inputTokens: 11,
      outputTokens: 7,
      // An own server's price is nobody's guess.
      cost: null,
      finishedAt: expect.stringMatching(/^20.*Z$/),
    });
  });

  it("takes a tool call there and back", async () => {
    server.script(
      { type: "tool", name: "weather", input: { city: "Oslo" } },
      { type: "text", pieces: ["Cold."] },
    );
    const turn = await ask("weather?");
    expect(turn.chunks.map((chunk) => chunk.type)).toContain("tool-output-available");
    const result = server.requests[1]?.body.messages?.find(({ role }) => role === "tool");
    expect(result?.tool_call_id).toBe("call_1");
    expect(JSON.stringify(result?.content)).toContain("Oslo");
    const { messages } = await saved((transcript) => expect(transcript.messages).toHaveLength(2));
    expect(messages[1]?.parts.map((part) => part.type)).toEqual([
      "step-start",
      "tool-weather",
      "step-start",
      "text",
    ]);
  });

  it("asks the server for its first model when none is named", async () => {
    vi.stubEnv("OPENAI_MODEL", "");
    server.script({ type: "text", pieces: ["Hi"] });
    await ask("hello");
    expect(server.requests[0]?.body.model).toBe("small-model");
    vi.stubEnv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");
    expect(errorsOf(await ask("hello again", "u2"))).toEqual([expect.stringMatching(/set OPENAI_MODEL/)]);
  });

  it("shows a refused key without the key, keeps the question as failed, and answers the next one", async () => {
    server.script(
      { type: "status", status: 401, message: "Incorrect API key provided: secret-key" },
      { type: "text", pieces: ["Better"] },
    );
    const errors = errorsOf(await ask("hello"));
    expect(errors).toEqual([expect.stringMatching(/refused the server's key/)]);
    expect(errors.join()).not.toContain("secret-key");
    const failed = await saved((transcript) => expect(transcript.status).toBe("failed"));
    expect(failed.messages[0]?.id).toBe("u1");
    await ask("again", "u2");
    await saved((transcript) => expect(transcript.status).toBe("idle"));
  });

  it("keeps what came before the connection broke as a partial answer", async () => {
    server.script({ type: "cut", pieces: ["Half ", "an "] });
    const errors = errorsOf(await ask("hello"));
    expect(errors).toEqual([expect.stringMatching(/connection to the model provider broke/)]);
    const { messages, nonFinalIds } = await saved((transcript) =>
      expect(transcript).toMatchObject({ status: "failed", messages: [{}, {}] }),
    );
    expect(nonFinalIds).toEqual([messages[1]?.id]);
    expect(JSON.stringify(messages[1]?.parts)).toContain("Half an ");
  });

  it.each([
    [404, /doesn't know this model/],
    [413, /too long for the model/],
    [400, /did not accept the request/],
  ])("turns status %i into a sentence", async (status, sentence) => {
    server.script({ type: "status", status, message: "raw provider words" });
    expect(errorsOf(await ask("hello"))).toEqual([expect.stringMatching(sentence)]);
  });
});
