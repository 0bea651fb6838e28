/** Workers that really run out of memory: their heaps are those of small machines, so that it takes a second. */
import { TriggerChatTransport } from "@trigger.dev/sdk/chat";
import type { UIMessageChunk } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { InspectedEvent } from "@/lib/inspected";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "../support/engine";

/** The question says how many megabytes the answer takes. The heaps are 204 and 409 MB. */
const TASKS = `
import { chat } from "@trigger.dev/sdk/ai";
import { simulateReadableStream, streamText } from "ai";
import { MockLanguageModelV4 } from "ai/test";

const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
function words(text) {
  return [
    { type: "stream-start", warnings: [] },
    { type: "text-start", id: "t" },
    { type: "text-delta", id: "t", delta: text },
    { type: "text-end", id: "t" },
    { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage },
  ];
}
function take(megabytes) {
  const kept = [];
  for (let taken = 0; taken < megabytes; taken++) kept.push(Array.from({ length: 1024 * 1024 / 8 }, (_, index) => index + 0.5));
  return kept.length;
}
const agent = (id, machines) => chat.agent({
  id,
  ...machines,
  idleTimeoutInSeconds: 1,
  run: async ({ messages, signal, ctx }) => {
    const asked = messages.findLast((m) => m.role === "user").content.map((p) => p.text).join("");
    const taken = take(Number(asked));
    const text = taken + " MB on " + ctx.machine.name;
    const model = new MockLanguageModelV4({ doStream: async () => ({ stream: simulateReadableStream({ chunks: words(text) }) }) });
    return streamText({ model, messages, abortSignal: signal });
  },
});
export const named = agent("named", { machine: "micro", oomMachine: "small-1x" });
export const unnamed = agent("unnamed", { machine: "micro" });
`;

const FITS_THE_LARGER = "260";
const FITS_NEITHER = "5000";

describe.each(["embedded", "platform"] as const)("engine mode %s", { timeout: 120_000 }, (mode) => {
  let test: TestEngine;

  beforeAll(async () => {
    test = await startTestEngine({ tasks: TASKS, mode });
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

  function open(task: string, chatId: string) {
    const startSession = async () => {
      const session = await api("/api/v1/sessions", {
        type: "chat.agent",
        externalId: chatId,
        taskIdentifier: task,
        triggerConfig: { basePayload: { messages: [], trigger: "preload", chatId } },
      });
      return { publicAccessToken: session["publicAccessToken"] as string };
    };
    const transport = new TriggerChatTransport({
      task,
      baseURL: test.url,
      startSession,
      accessToken: async () => (await startSession()).publicAccessToken,
    });
    return async (text: string): Promise<UIMessageChunk[]> => {
      const stream = await transport.sendMessages({
        chatId,
        messages: [{ id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text }] }],
        trigger: "submit-message",
        messageId: undefined,
        abortSignal: undefined,
      });
      const chunks: UIMessageChunk[] = [];
      for await (const chunk of stream as unknown as AsyncIterable<UIMessageChunk>) chunks.push(chunk);
      return chunks;
    };
  }

  /** What `/inspect` shows of the chat's newest run. */
  async function inspected(chatId: string) {
    const { id } = await api(`/api/v1/sessions/${chatId}`);
    const response = await fetch(`${test.url}/inspect/sessions/${id}/watch`, {
      headers: { authorization: `Bearer ${TEST_SECRET_KEY}` },
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) text += (await reader.read()).value ?? "";
    await reader.cancel();
    return (JSON.parse(text.split("\n")[0]!) as InspectedEvent).runs?.[0];
  }

  const textOf = (chunks: UIMessageChunk[]) =>
    chunks.map((chunk) => (chunk.type === "text-delta" ? chunk.delta : "")).join("");

  it("answers on the machine that the agent names, and says so", async () => {
    const ask = open("named", "fits-the-larger");
    expect(textOf(await ask("1"))).toBe("1 MB on micro");
    expect(textOf(await ask(FITS_THE_LARGER))).toBe(`${FITS_THE_LARGER} MB on small-1x`);
    expect(await inspected("fits-the-larger")).toMatchObject({
      attempt: 2,
      machine: "small-1x",
      outgrown: "micro",
    });
  });

  if (mode === "platform") {
    it("has no second attempt unless the agent names a larger machine", async () => {
      void open("unnamed", "unnamed")(FITS_THE_LARGER).catch(() => {});
      await expect
        .poll(() => inspected("unnamed").catch(() => undefined), { timeout: 60_000 })
        .toMatchObject({ status: "CRASHED", attempt: 1, error: expect.stringContaining("204 MB of memory") });
    });
    return;
  }

  it("takes the next larger machine when the agent names none", async () => {
    const chunks = await open("unnamed", "unnamed")(FITS_THE_LARGER);
    expect(textOf(chunks)).toBe(`${FITS_THE_LARGER} MB on small-1x`);
  });

  it("tells the reader when the larger machine is too small as well, and answers the next message", async () => {
    const ask = open("named", "fits-neither");
    const chunks = await ask(FITS_NEITHER);
    expect(chunks.at(-1)).toMatchObject({
      type: "error",
      errorText: expect.stringMatching(/ran out of memory .* also on a larger machine/),
    });
    expect(
      test.logs.filter((line) => line.startsWith("attempt started") && line.includes("retry")),
    ).toHaveLength(3);
    expect(textOf(await ask("1"))).toBe("1 MB on micro");
  });
});
