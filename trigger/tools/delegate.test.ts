/** What the agent makes of a sub-agent's row. The exchange itself is tested with the real engine (e2e/contracts). */
// First: it installs what `locals` needs.
import "@trigger.dev/sdk/ai/test";
import { runInMockTaskContext } from "@trigger.dev/core/v3/test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { appDatabase } from "@/e2e/support/chat-fixtures";
import { MAX_REQUESTS_PER_TURN } from "@/lib/agent/approval-policy";
import type { DelegateOutput } from "@/lib/agent/sub-agents/delegate-output";
import { UnknownOutcomeError } from "@/lib/chat/effects/unknown-outcome";
import type { ChatMessage } from "@/lib/chat/message";
import { sayStep } from "@/lib/agent/sub-agents/step-sentences";
import { MAX_SUB_AGENTS, subAgentId } from "@/lib/chat/sub-agents/sub-agents";
import { createChat } from "@/lib/chat/tree/queries";
import type { SubAgent } from "@/prisma/generated/client";
import { beginTurnState, turnState } from "../agent/turn-state";
import { withDelegated } from "../agent/usage";
import type * as converseModule from "../sub-agents/converse";
import { delegate, resumeDelegate } from "./delegate";
import { subAgentTools } from "./execute";

type Exchange = Parameters<typeof converseModule.converse>[0];

let chatId: string;
let turn: string;
let exchanges: Exchange[];
/** What the sub-agent answers, and what it took up to then. */
let answer: ChatMessage["parts"];
let metadata: ChatMessage["metadata"];
let outcome: Partial<SubAgent> | { failed: string };

vi.mock("../sub-agents/converse", () => ({
  converse: async (exchange: Exchange) => {
    exchanges.push(exchange);
    const { subAgent } = exchange;
    const entries = [
      { message: { id: subAgent.asked, role: "user", parts: [] } },
      { message: { id: "a", role: "assistant", parts: answer, metadata } },
    ];
    return "failed" in outcome
      ? outcome
      : { ...subAgent, failure: null, transcript: { entries, state: null }, ...outcome };
  },
}));
vi.mock("./turn", () => ({
  currentTurn: () => ({ chatId, turn, answerId: "answer", runId: "run_1" }),
  askedThisTurn: () => turnState().requests,
}));

const shared = appDatabase();
beforeEach(async () => {
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
  [turn, exchanges, answer, metadata, outcome] = ["q", [], [], {}, {}];
});

const text = (words: string) => ({ type: "text", text: words }) as const;
const asks = (id: string): ChatMessage["parts"][number] => ({
  type: "tool-askQuestion",
  toolCallId: id,
  state: "input-available",
  input: { question: "Which day?", options: ["mon", "tue"].map((day) => ({ id: day, label: day })) },
});

async function work(name = "Desk"): Promise<DelegateOutput> {
  const options = { toolCallId: "call", messages: [], context: undefined as never };
  const outputs = delegate.execute!({ name, task: "Find a day." }, options) as AsyncIterable<DelegateOutput>;
  let last: DelegateOutput | undefined;
  for await (const output of outputs) last = output;
  return last!;
}

/** In a run whose turn has just begun. */
const inTurn = (test: () => Promise<void>) => () =>
  runInMockTaskContext(async () => {
    beginTurnState();
    await test();
  });
const goOn = (waiting: DelegateOutput) => resumeDelegate(waiting, { chatId, toolCallId: "call" });

describe("what came of a task", () => {
  it(
    "is what it said after its last call",
    inTurn(async () => {
      const found = {
        type: "tool-weather",
        toolCallId: "w",
        state: "output-available",
        input: { city: "Oslo" },
        output: {},
      };
      answer = [text("Let me look."), found as never, text("Fog.")];
      expect(await work()).toMatchObject({
        state: "done",
        result: "Fog.",
        steps: [{ title: "Checked the weather in Oslo", state: "done" }],
      });
    }),
  );

  it.each([
    ["its turn failed", { failure: "The model is away." }, "The model is away."],
    ["nobody could be reached", { failed: "It didn't answer." }, "It didn't answer."],
    ["it said nothing", {}, "It ended without an answer."],
  ])("%s: that is said in words", (_, came, result) =>
    inTurn(async () => {
      outcome = came;
      expect(await work()).toMatchObject({ state: "failed", result });
    })(),
  );

  it(
    "is counted with the answer, before its question and after it",
    inTurn(async () => {
      [answer, metadata] = [[asks("q1")], { inputTokens: 10, outputTokens: 3, cost: 0.5 }];
      const waiting = await work();
      expect(withDelegated({ inputTokens: 1, outputTokens: 1, cost: 0 })).toMatchObject({
        inputTokens: 11,
        cost: 0.5,
      });
      [answer, metadata] = [[text("On Monday.")], { inputTokens: 25, outputTokens: 5, cost: 0.75 }];
      expect(await goOn(waiting)).toMatchObject({ state: "done", usage: { inputTokens: 25 } });
      expect(withDelegated({ inputTokens: 1, outputTokens: 1, cost: 0 })).toMatchObject({
        inputTokens: 26,
        cost: 0.75,
      });
    }),
  );
});

it(
  "an effect whose outcome nobody knows is told from one that happened",
  inTurn(async () => {
    const effect = { key: "e", tool: "refund", input: {}, startedAt: new Date() };
    const { outcome: unknown } = new UnknownOutcomeError(effect);
    const input = { orderId: "A-1", amount: 20, currency: "EUR" };
    const call = { type: "tool-refund", toolCallId: "r", state: "output-available", input, output: unknown };
    answer = [call as never, text("I can't tell.")];
    expect(await work()).toMatchObject({
      steps: [{ title: "Outcome unknown: Refunding 20 EUR of order A-1", state: "failed" }],
      unknown: [{ toolCallId: "r", outcome: { effect: "e" } }],
    });
  }),
);

describe("requests", () => {
  it(
    "wait, all of them, and those that were decided stay",
    inTurn(async () => {
      answer = [asks("q1"), asks("q2")];
      const waiting = await work();
      expect(waiting).toMatchObject({
        state: "waiting",
        requests: [{ toolCallId: "q1", waits: true }, { waits: true }],
      });
      answer = [asks("q3")];
      expect(await goOn(waiting)).toMatchObject({
        state: "waiting",
        requests: [{ waits: false }, { waits: false }, { toolCallId: "q3", waits: true }],
      });
    }),
  );

  it(
    "more than an answer may ask are put to nobody",
    inTurn(async () => {
      answer = Array.from({ length: MAX_REQUESTS_PER_TURN + 1 }, (_, number) => asks(`q${number}`));
      expect(await work()).toMatchObject({
        state: "failed",
        result: expect.stringContaining("At most 8 requests"),
      });
    }),
  );

  it(
    "of a sub-agent that has gone on to another task lead nowhere, in words",
    inTurn(async () => {
      answer = [asks("q1")];
      const waiting = await work();
      await shared.db.subAgent.update({ where: { id: waiting.session! }, data: { asked: "another" } });
      expect(await goOn(waiting)).toMatchObject({
        state: "failed",
        result: expect.stringContaining("another task"),
      });
      expect(await goOn({ ...waiting, session: undefined } as never)).toMatchObject({
        result: expect.stringContaining("earlier release"),
      });
    }),
  );
});

describe("a task", () => {
  const asked = () => exchanges.map(({ subAgent }) => subAgent.asked);

  it(
    "has the same name when the answer is written again, and another in another version of it",
    inTurn(async () => {
      await work();
      await work();
      await work("Other");
      beginTurnState();
      await work();
      await work();
      await shared.db.chat.update({ where: { id: chatId }, data: { actionId: "regenerated" } });
      beginTurnState();
      await work();
      const [first, second, other, again, secondAgain, version] = asked();
      expect([again, secondAgain]).toEqual([first, second]);
      expect(new Set([first, second, other, version]).size).toBe(4);
    }),
  );

  it(
    "after a decision is not the one before it",
    inTurn(async () => {
      const waiting = await work();
      beginTurnState();
      const part = {
        type: "tool-delegate",
        toolCallId: "c",
        state: "output-available",
        input: {},
        output: waiting,
      };
      const message = { id: "answer", role: "assistant", parts: [part] } as ChatMessage;
      turnState().continued = { message, chunks: [], edits: new Map(), answers: new Map() };
      await work();
      expect(new Set(asked()).size).toBe(2);
    }),
  );

  it(
    "for one sub-agent too many is refused, in words",
    inTurn(async () => {
      for (let number = 0; number < MAX_SUB_AGENTS; number++)
        await shared.db.subAgent.create({
          data: { id: `${chatId}--${number}`, chatId, name: String(number) },
        });
      expect(await work()).toMatchObject({
        state: "failed",
        result: expect.stringContaining("20 sub-agents already"),
      });
      expect(exchanges).toEqual([]);
    }),
  );
});

it("a sub-agent has a sentence for each of its tools, and can't delegate", () => {
  for (const name of Object.keys(subAgentTools))
    expect(sayStep(name, {}, "running")).not.toMatch(/^Using|[{}]/);
  expect(Object.keys(subAgentTools)).not.toContain("delegate");
});

it.each([
  ["Courier desk", "courier-desk"],
  ["  Köln/Büro 7! ", "koln-buro-7"],
  ["宅配便", /^[0-9a-f]{12}$/],
])("the sub-agent %s has a session of its own", (name, slug) => {
  const [chat, rest] = subAgentId("c", name).split("--");
  expect(chat).toBe("c");
  if (typeof slug === "string") expect(rest).toBe(slug);
  else expect(rest).toMatch(slug);
});
