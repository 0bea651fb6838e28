// First: it installs the catalog that `chat.agent` registers with.
import { mockChatAgent, type MockChatAgentHarness } from "@trigger.dev/sdk/ai/test";
import { generateId, stepCountIs, streamText, tool, type ToolExecutionOptions } from "ai";
import { chat } from "@trigger.dev/sdk/ai";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { appDatabase, message } from "@/e2e/support/chat-fixtures";
import { DidNotHappenError } from "@/lib/chat/effects/ledger";
import { listEffects, settleEffect } from "@/lib/chat/effects/outcomes";
import { steeringId } from "@/lib/chat/steering-id";
import { prismaStorage } from "@/lib/chat/tree/storage";
import { unknownOutcomeOf } from "@/lib/chat/effects/unknown-outcome";
import { db as workerDb } from "@/lib/db/client";
import { demoModel } from "@/lib/agent/demo/model";
import { backOffice } from "../demo/back-office";
import { effectTools, wasApproved } from "./effect-tools";
import { beginTurn } from "./turn";

const shared = appDatabase();
let chatId: string;
let orderId: string;
let harness: MockChatAgentHarness;

/** The tools as they are, with nobody in front of them who has to allow it. */
const agent = chat.agent({
  id: "effects",
  storage: prismaStorage(workerDb),
  tools: Object.fromEntries(
    Object.entries(effectTools).map(([name, each]) => [name, { ...each, needsApproval: false }]),
  ) as typeof effectTools,
  async run({ chatId, ctx, messages, tools, signal, streamText }) {
    beginTurn({ chatId, answerId: generateId(), runId: ctx.run.id, messages: chat.history.all() });
    return streamText({
      model: demoModel({ paceMs: 0 }),
      messages,
      tools,
      abortSignal: signal,
      stopWhen: stepCountIs(4),
    });
  },
});

beforeEach(async () => {
  chatId = `chat-${crypto.randomUUID()}`;
  orderId = `A-${Math.floor(Math.random() * 1e12)}`;
  await shared.db.chat.create({ data: { id: chatId, userId: "ada" } });
  harness = mockChatAgent(agent, { chatId });
});
afterEach(() => harness.close());

type Turn = Awaited<ReturnType<MockChatAgentHarness["sendMessage"]>>;

const ask = (id: string, text: string) => harness.sendMessage(message(id, text, "user"));
const streamed = (turn: Turn) =>
  turn.chunks.map((chunk) => (chunk.type === "text-delta" ? chunk.delta : "")).join("");
const outputs = (turn: Turn) =>
  turn.chunks.flatMap((chunk) => (chunk.type === "tool-output-available" ? [chunk.output] : []));
const refunds = (order = orderId) =>
  shared.db.demoEntry.count({ where: { kind: "refund", data: { path: ["orderId"], equals: order } } });
const refund = () => `Refund 2.50 EUR of order ${orderId} because it came late.`;

describe("a tool with an effect", () => {
  it("does what it was asked, and says so", async () => {
    const turn = await ask("u1", refund());
    expect(streamed(turn)).toContain(`I refunded **2.5 EUR** of order ${orderId}`);
    expect(await refunds()).toBe(1);
    expect(await listEffects(shared.db, chatId)).toMatchObject([
      {
        messageId: "u1",
        tool: "refund",
        state: "done",
        toolCallId: expect.stringMatching(/^call_/),
        input: { orderId, amount: 2.5, currency: "EUR", reason: "it came late" },
        output: { refundId: expect.any(String) },
      },
    ]);
  });

  it("does nothing more when the same question is answered again, and has the same result", async () => {
    const first = await ask("u1", refund());
    const second = await harness.sendRegenerate();
    expect(outputs(second)).toEqual(outputs(first));
    expect(await refunds()).toBe(1);
  });

  it("does it again when it is asked again", async () => {
    await ask("u1", refund());
    await ask("u2", refund());
    expect(await refunds()).toBe(2);
  });

  it("does several things for one question, each once", async () => {
    await shared.db.toolPermission.create({ data: { chatId, tool: "sendEmail", grantedBy: "ada" } });
    const request = `Refund €5 of order ${orderId}, and email ada@example.com that it is done.`;
    await ask("u1", request);
    await harness.sendRegenerate();
    const effects = await listEffects(shared.db, chatId);
    expect(effects.map(({ tool }) => tool).toSorted()).toEqual(["refund", "sendEmail"]);
    expect(effects.every(({ state }) => state === "done")).toBe(true);
    expect(await refunds()).toBe(1);
    const mails = await shared.db.demoEntry.findMany({ where: { kind: "mail" } });
    expect(mails).toMatchObject([{ data: { to: "ada@example.com", body: "it is done." } }]);
  });

  it("that failed for sure is tried again by the next answer", async () => {
    const refuse = vi
      .spyOn(backOffice, "refund")
      .mockRejectedValueOnce(new DidNotHappenError("No such order."));
    const failed = await ask("u1", refund());
    expect(streamed(failed)).toContain("No such order.");
    await harness.sendRegenerate();
    refuse.mockRestore();
    expect(await refunds()).toBe(1);
  });

  it("that the service refuses can be asked for again, in a way that it takes", async () => {
    await shared.db.toolPermission.create({ data: { chatId, tool: "refund", grantedBy: "ada" } });
    const failed = await ask("u1", `Refund 20000 EUR of order ${orderId}.`);
    expect(JSON.stringify(failed.chunks)).toContain("nothing was refunded");
    expect(await listEffects(shared.db, chatId)).toMatchObject([{ state: "failed" }]);
    expect(await refunds()).toBe(0);
  });

  it("whose service fails after it has booked is not done again by the next answer", async () => {
    const real = backOffice.refund.bind(backOffice);
    const book = vi.spyOn(backOffice, "refund").mockImplementation(async (given) => {
      await real(given);
      throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNRESET" } });
    });
    expect(streamed(await ask("u1", refund()))).toContain("I don't know how the refund ended");
    expect(streamed(await harness.sendRegenerate())).toContain("I don't know how the refund ended");
    book.mockRestore();
    await harness.sendRegenerate();
    expect(await refunds()).toBe(1);
  });

  it("whose outcome is unknown says so to the model and to the page, until a person settles it", async () => {
    const timeOut = vi
      .spyOn(backOffice, "refund")
      .mockRejectedValueOnce(new DOMException("No answer.", "TimeoutError"));
    const turn = await ask("u1", refund());
    timeOut.mockRestore();
    expect(streamed(turn)).toContain("I don't know how the refund ended");
    const unknown = unknownOutcomeOf(outputs(turn)[0]);
    expect(unknown).toMatchObject({ tool: "refund" });

    expect(unknownOutcomeOf(outputs(await harness.sendRegenerate())[0])).toEqual(unknown);
    expect(await refunds()).toBe(0);

    const effect = { chatId, key: unknown!.effect };
    expect(await settleEffect(shared.db, effect, { outcome: "did-not-happen" }, "ada")).toBe("settled");
    expect(streamed(await harness.sendRegenerate())).toContain("I refunded");
    expect(await refunds()).toBe(1);
  });

  it("that was steered into an answer belongs to the question of that answer", async () => {
    await ask("u1", "count to 1");
    await ask(steeringId("s1"), refund());
    expect(await listEffects(shared.db, chatId)).toMatchObject([{ messageId: "u1" }]);
  });
});

it("goes on from what a person says has happened", async () => {
  const timeOut = vi
    .spyOn(backOffice, "refund")
    .mockRejectedValueOnce(new DOMException("No answer.", "TimeoutError"));
  const turn = await ask("u1", refund());
  timeOut.mockRestore();
  const effect = { chatId, key: unknownOutcomeOf(outputs(turn)[0])!.effect };
  await settleEffect(shared.db, effect, { outcome: "happened" }, "ada");
  expect(streamed(await harness.sendRegenerate())).toContain("The refund went through");
  expect(await refunds()).toBe(0);
});

describe("the mail server", () => {
  it("answers a key that it knows as it did before", async () => {
    const mail = { to: "ada@example.com", subject: "Once", body: crypto.randomUUID() };
    const [one, ...more] = await Promise.all(
      Array.from({ length: 3 }, () => backOffice.send(mail, `key-${mail.body}`)),
    );
    expect(more).toEqual([one, one]);
  });
});

describe("an approval", () => {
  /** What the SDK gives to the `execute` of a call that was approved. */
  async function approvedOptions(): Promise<ToolExecutionOptions<unknown>> {
    let seen: ToolExecutionOptions<unknown> | undefined;
    const act = tool({
      inputSchema: z.object({}),
      execute: (_, options) => void (seen = options),
    });
    const result = streamText({
      model: demoModel({ paceMs: 0 }),
      tools: { act },
      toolApproval: { act: "user-approval" },
      messages: [
        { role: "user", content: "Act" },
        {
          role: "assistant",
          content: [
            { type: "tool-call", toolCallId: "c1", toolName: "act", input: {} },
            { type: "tool-approval-request", approvalId: "p1", toolCallId: "c1" },
          ],
        },
        { role: "tool", content: [{ type: "tool-approval-response", approvalId: "p1", approved: true }] },
      ],
    });
    await result.consumeStream();
    return seen!;
  }

  it("is seen on the call that was approved, and on no other", async () => {
    const options = await approvedOptions();
    expect(options.toolCallId).toBe("c1");
    expect(wasApproved(options)).toBe(true);
    expect(wasApproved({ ...options, toolCallId: "c2" })).toBe(false);
    expect(wasApproved({ ...options, messages: options.messages.slice(0, -1) })).toBe(false);
  });
});
