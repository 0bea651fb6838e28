/** A sub-agent with a model that says what each test needs. */
// First: it installs what `locals` needs.
import "@trigger.dev/sdk/ai/test";
import { runInMockTaskContext } from "@trigger.dev/core/v3/test";
import type { LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { simulateReadableStream, tool, type ToolSet } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { appDatabase } from "@/e2e/support/chat-fixtures";
import { createChat } from "@/lib/chat/tree/queries";
import type { DelegateOutput } from "@/lib/agent/delegate-output";
import { delegate, resumeDelegate } from "./delegate";
import { beginTurnState } from "../agent/turn-state";
import { withDelegated } from "../agent/usage";
import { MAX_REQUESTS_PER_TURN } from "@/lib/agent/approval-policy";
import { toolSchemas } from "@/lib/agent/tool-schemas";

type Call = { id: string; name: string; input: unknown };

let chatId: string;
/** What the model does, step by step: its calls, or its last words. */
let script: Array<Call[] | string>;
let seen: LanguageModelV4CallOptions[];
let onAsked = () => {};

vi.mock("@/lib/agent/models", () => ({
  resolveModel: async () => ({
    id: "mock",
    model: new MockLanguageModelV4({
      doStream: async (options) => {
        seen.push(options);
        onAsked();
        return { stream: simulateReadableStream({ chunks: chunksOf(script.shift() ?? "The end.") }) };
      },
    }),
  }),
}));
/** What this answer has asked. */
let asked: Set<string>;
vi.mock("./turn", () => ({
  currentTurn: () => ({ chatId, turn: "q", runId: "run_1" }),
  askedThisTurn: () => asked,
}));

const shared = appDatabase();
beforeEach(async () => {
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
  [script, seen, asked] = [[], [], new Set()];
  onAsked = () => {};
});

function chunksOf(step: Call[] | string): LanguageModelV4StreamPart[] {
  const input = { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 };
  const usage = { inputTokens: input, outputTokens: { total: 3, text: 3, reasoning: 0 } };
  const finish = (unified: "stop" | "tool-calls"): LanguageModelV4StreamPart => ({
    type: "finish",
    finishReason: { unified, raw: undefined },
    usage,
  });
  if (typeof step === "string")
    return [
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: step },
      { type: "text-end", id: "t" },
      finish("stop"),
    ];
  return [
    ...step.map(({ id, name, input }) => ({
      type: "tool-call" as const,
      toolCallId: id,
      toolName: name,
      input: JSON.stringify(input),
    })),
    finish("tool-calls"),
  ];
}

const ask = (id: string, question = "Which day?"): Call => ({
  id,
  name: "askQuestion",
  input: { question, options: ["mon", "tue"].map((day) => ({ id: day, label: day })) },
});

/** What the card shows in the end. */
async function work(tools: ToolSet = {}): Promise<DelegateOutput> {
  const { execute } = delegate(tools);
  const outputs = execute!(
    { name: "Desk", task: "Find a day." },
    { toolCallId: "call_1", messages: [], context: undefined as never },
  ) as AsyncIterable<DelegateOutput>;
  let last: DelegateOutput | undefined;
  for await (const output of outputs) last = output;
  return last!;
}

const goOn = (waiting: DelegateOutput) =>
  resumeDelegate(waiting, { optionIds: ["mon"] }, { chatId, tools: {} });
const heard = () =>
  seen
    .at(-1)!
    .prompt.flatMap((message) => (message.role === "tool" ? message.content : []))
    .flatMap((part) => (part.type === "tool-result" ? [[part.toolCallId, part.output] as const] : []));

it("has no tool that may have to wait for a person, before its question and after it", async () => {
  const refund = tool({ ...toolSchemas.refund, execute: () => "paid" });
  const weather = tool({ ...toolSchemas.weather, execute: () => "fog" });
  const call = (id: string): Call => ({
    id,
    name: "refund",
    input: { orderId: "A-1", amount: 1, currency: "EUR" },
  });
  const offered = () => seen.at(-1)!.tools?.map(({ name }) => name);
  script = [[call("r1")], [ask("q1")], [call("r2")], "Nobody was paid."];
  const waiting = await work({ refund, weather });
  expect(offered()).toEqual(["weather", "askQuestion"]);
  const steps = [{ title: "refund", state: "failed" }, { id: waiting.asked?.toolCallId }];
  expect(waiting).toMatchObject({ state: "waiting", steps });
  const ended = await resumeDelegate(waiting, {}, { chatId, tools: { refund, weather } });
  expect(offered()).toEqual(["weather"]);
  expect(ended).toMatchObject({ state: "done", result: "Nobody was paid." });
  expect(ended.steps.at(-1)).toMatchObject({ title: "refund", state: "failed" });
});

describe("a sub-agent that goes on", () => {
  it("hears a stop, and says so", async () => {
    script = [[ask("q1")], "On Monday."];
    const waiting = await work();
    const stop = new AbortController();
    // The person presses Stop while the model is at work.
    onAsked = () => stop.abort();
    const options = { chatId, tools: {}, abortSignal: stop.signal };
    const ended = await resumeDelegate(waiting, { optionIds: ["mon"] }, options);
    expect(seen).toHaveLength(2);
    expect(ended).toMatchObject({ state: "failed", result: "It was stopped." });
    expect(seen.at(-1)?.abortSignal?.aborted).toBe(true);
  });

  it("is counted with the answer, before its question and after it", () =>
    runInMockTaskContext(async () => {
      beginTurnState();
      script = [[ask("q1")], "On Monday."];
      const waiting = await work();
      expect(withDelegated({ inputTokens: 1, outputTokens: 1 })).toMatchObject({
        inputTokens: 11,
        outputTokens: 4,
      });
      await goOn(waiting);
      expect(withDelegated({ inputTokens: 1, outputTokens: 1 })).toMatchObject({
        inputTokens: 21,
        outputTokens: 7,
      });
      beginTurnState();
      expect(withDelegated()).toMatchObject({ inputTokens: 0, outputTokens: 0, cost: 0 });
    }));
});

it("asks under an id of ours, because the agent's own calls may have the one of its model", async () => {
  script = [[ask("call_0")]];
  expect((await work()).asked?.toolCallId).toMatch(/^[A-Za-z0-9]{9}$/);
});

describe("a sub-agent that asks", () => {
  it("two things at once has one of them answered, and hears that of the other", async () => {
    script = [[ask("q1"), ask("q2", "Which hour?")], "On Monday."];
    const waiting = await work();
    expect(waiting).toMatchObject({ state: "waiting", asked: { input: { question: "Which day?" } } });
    expect(await goOn(waiting)).toMatchObject({ state: "done", result: "On Monday." });
    expect(heard()).toEqual([
      [waiting.asked?.toolCallId, { type: "json", value: { optionIds: ["mon"] } }],
      [expect.any(String), { type: "error-text", value: expect.stringContaining("One question only") }],
    ]);
  });

  it("beside a call that has its result keeps that result", async () => {
    const weather = tool({ ...toolSchemas.weather, execute: () => "fog" });
    script = [[ask("q1"), { id: "w1", name: "weather", input: { city: "Oslo" } }], "On Monday."];
    const waiting = await work({ weather });
    expect(await goOn(waiting)).toMatchObject({ state: "done" });
    expect(heard()).toEqual([
      [expect.any(String), { type: "text", value: "fog" }],
      [waiting.asked?.toolCallId, { type: "json", value: { optionIds: ["mon"] } }],
    ]);
  });

  it("something that is no question does not wait for it", async () => {
    const broken = { id: "q1", name: "askQuestion", input: { question: "" } };
    script = [[broken, ask("q2")], "On Monday."];
    const waiting = await work();
    expect(waiting).toMatchObject({ state: "waiting", asked: { input: { question: "Which day?" } } });
    expect(await goOn(waiting)).toMatchObject({ state: "done", result: "On Monday." });
    expect(heard().map(([id]) => id === waiting.asked?.toolCallId)).toEqual([false, true]);
  });

  it("is one of those that an answer may ask, and one too many is not put to anybody", async () => {
    script = Array.from({ length: MAX_REQUESTS_PER_TURN + 1 }, (_, number) => [ask(`q${number}`)]);
    for (let number = 0; number < MAX_REQUESTS_PER_TURN; number++)
      expect(await work()).toMatchObject({ state: "waiting" });
    expect(await work()).toEqual(
      expect.objectContaining({
        state: "failed",
        result: expect.stringMatching(/Which day\?.*At most 8 requests/),
      }),
    );
  });
});
