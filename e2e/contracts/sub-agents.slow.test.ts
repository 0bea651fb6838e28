/**
 * Sub-agents on sessions of their own: the real agents, the real SDK, real processes that are killed, on an engine that
 * continues what died and on one that does as little about it as Trigger.dev.
 */
import { sessions } from "@trigger.dev/sdk";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import { createSubAgentMessages } from "@trigger.dev/sdk/chat";
import type { UIMessage, UIMessageChunk } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeCall } from "@/lib/agent/approval-policy";
import { findingOf, type DelegateOutput } from "@/lib/agent/sub-agents/delegate-output";
import { loadUsage } from "@/lib/chat/chats/usage";
import { revive as reviveChat } from "@/lib/chat/revive/revive";
import { messagesOf, subAgentId } from "@/lib/chat/sub-agents/sub-agents";
import type { Transcript } from "@/lib/chat/tree/queries";
import type { Db } from "@/lib/db/client";
import { type EnginePlace, startEnginePlace } from "../support/engine-place";
import { counted, lines, newChatId, openPage, readAnswer, savedTranscript, type Site } from "../support/page";
import { approve, newOrder, requestSteps } from "../support/request-steps";
import type { EngineProcess } from "../support/processes";

const userId = "owner";
const options = { startSession: chatSdk.createStartSessionAction("chat"), describe: describeCall };
const SECONDS = 40;

describe.each(["embedded", "platform"])("engine mode %s", { timeout: 120_000 }, (mode) => {
  let place: EnginePlace | undefined;
  let engine: EngineProcess;
  let db: Db;

  beforeAll(async () => {
    place = await startEnginePlace({
      env: {
        ENGINE_MODE: mode,
        SUB_AGENT_SECONDS: String(SECONDS),
        MODEL_PRICES: JSON.stringify({ demo: { input: 1, output: 2 } }),
      },
    });
    ({ db, engine } = place);
  });
  afterAll(() => place?.close());

  const { askAndWait, decide, follow, goOn, refundsOf, textOf } = requestSteps(() => place!);
  const site = (): Site => ({
    db,
    userId,
    engineUrl: engine.url,
    lookAfter: (chatId) => reviveChat(db, chatId, options),
  });
  const page = (chatId: string) => openPage(site(), chatId);
  const outputsOf = ({ messages }: Transcript) =>
    messages
      .flatMap(({ parts }) => parts)
      .flatMap((part) =>
        part.type === "tool-delegate" && "output" in part ? [part.output as DelegateOutput] : [],
      );
  const conversation = async (chatId: string, name: string) =>
    messagesOf(await db.subAgent.findUniqueOrThrow({ where: { id: subAgentId(chatId, name) } }));
  const said = (messages: UIMessage[], role: string) =>
    messages.filter((message) => message.role === role).map(({ parts }) => findingOf(parts));

  async function kill(session: string) {
    const pid = await engine.workerOf(session);
    if (pid === undefined) throw new Error("The session has no worker.");
    process.kill(pid, "SIGKILL");
  }

  /** Reads the answer; `onWords` is called once, when the card of a sub-agent shows its first words. */
  async function read(stream: ReadableStream<UIMessageChunk>, onWords: () => unknown = () => {}) {
    const names = new Set<string>();
    const shown = createSubAgentMessages({ throttleMs: 0 });
    let hasWords = false;
    const answer = await readAnswer(stream, async (_, chunk) => {
      if (chunk.type !== "data-subagent") return;
      const { toolCallId, chunks } = chunk.data as { toolCallId: string; chunks: UIMessageChunk[] };
      names.add(toolCallId);
      shown.onData(chunk as never);
      if (hasWords || !chunks.some(({ type }) => type === "text-delta")) return;
      hasWords = true;
      await onWords();
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    return { answer, live: [...names].map((name) => findingOf(shown.get(name)?.parts ?? [])), hasWords };
  }

  /** What the sub-agents took is in the sums of the chat as it is in the ledger. */
  async function expectSums(chatId: string) {
    const where = { chatId, purpose: { in: ["answer", "delegate"] } };
    const { _sum } = await db.spending.aggregate({ where, _sum: { inputTokens: true, outputTokens: true } });
    expect((await loadUsage(db, chatId))?.chat).toMatchObject(_sum);
  }

  it("two work in parallel, on sessions of their own, live in their cards, and one of them asks", async () => {
    const chatId = newChatId();
    const { live } = await read(await page(chatId).ask("Let two sub-agents plan the delivery to Oslo"));
    const transcript = await savedTranscript(db, chatId);
    const [courier, weather] = outputsOf(transcript);
    expect(courier).toMatchObject({
      state: "waiting",
      session: `${chatId}--courier-desk`,
      steps: [
        { title: "Looked up courier routes", state: "done" },
        { title: "Asks you: Which days suit the courier?", state: "waiting" },
      ],
    });
    expect(weather).toMatchObject({
      state: "done",
      session: `${chatId}--weather-desk`,
      steps: [{ title: "Checked the weather in Oslo", state: "done" }],
      result: expect.stringContaining("In **Oslo**"),
    });
    expect(live).toContain(weather!.result);
    for (const output of [courier, weather])
      expect(await sessions.retrieve(output!.session!)).toMatchObject({ taskIdentifier: "research" });
    const [request] = await db.humanRequest.findMany({ where: { chatId } });
    expect(request).toMatchObject({ tool: "askQuestion", state: "pending" });
    await decide(chatId, request!, { type: "answer", output: { optionIds: ["mon"] } });
    const { transcript: after } = await goOn(chatId);
    expect(outputsOf(after)[0]).toMatchObject({
      state: "done",
      result: "Noted: you chose **mon**.",
      steps: [{ state: "done" }, { title: "Asked you: Which days suit the courier?", state: "done" }],
    });
    expect(await textOf(chatId)).toMatch(
      /The courier desk says: Noted: .*The weather desk says: In \*\*Oslo\*\*/s,
    );
    expect(await db.spending.count({ where: { chatId, purpose: "delegate" } })).toBeGreaterThanOrEqual(4);
    await expectSums(chatId);
  });

  it("the same one remembers what it was told, in one step and in a later answer", async () => {
    const chatId = newChatId();
    await read(await page(chatId).ask("Delegate to Desk: My city is Oslo"));
    await read(await page(chatId).ask("Delegate to Desk: Which city?\nDelegate to Desk: The colour is red"));
    expect(outputsOf(await savedTranscript(db, chatId)).map(({ result }) => result)).toEqual([
      expect.stringContaining("Noted"),
      "Your city is Oslo.",
      expect.stringContaining("Noted"),
    ]);
    expect(await db.subAgent.count({ where: { chatId } })).toBe(1);
    expect((await conversation(chatId, "Desk")).filter(({ role }) => role === "user")).toHaveLength(3);
  });

  it("asks for an approval, runs what the person made of it once, asks again, and survives its death meanwhile", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const asked = await askAndWait(
      chatId,
      `Delegate to Desk: Refund 20 EUR of order ${order}, then email the customer`,
    );
    expect(asked.requests).toMatchObject([
      { kind: "approval", tool: "refund", title: `Refund 20 EUR of order ${order}`, state: "pending" },
    ]);
    engine.killWorkers();
    await expect.poll(() => engine.workerOf(chatId)).toBeUndefined();
    expect(await refundsOf(order)).toEqual([]);
    const editedInput = { orderId: order, amount: 7.5, currency: "EUR" };
    await decide(chatId, asked.requests[0]!, { type: "approve", editedInput });
    const first = await goOn(chatId);
    expect(first.answer.errors).toEqual([]);
    expect(outputsOf(first.transcript)).toMatchObject([
      { state: "waiting", requests: [{ waits: false }, { waits: true }] },
    ]);
    expect((await refundsOf(order)).map(({ data }) => data)).toEqual([editedInput]);
    const requests = await db.humanRequest.findMany({ where: { chatId }, orderBy: { createdAt: "asc" } });
    expect(requests).toMatchObject([
      { tool: "refund", state: "approved" },
      { tool: "sendEmail", state: "pending" },
    ]);
    await decide(chatId, requests[1]!, approve);
    const second = await goOn(chatId);
    expect(outputsOf(second.transcript)).toMatchObject([{ state: "done" }]);
    expect(second.transcript.messages).toHaveLength(2);
    expect(await refundsOf(order)).toHaveLength(1);
    expect(await db.humanRequest.findMany({ where: { chatId, settledAt: null } })).toEqual([]);
    await expectSums(chatId);
  });

  it("whose request is passed over goes on with another task, and knows that nobody decided", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    await askAndWait(chatId, `Delegate to Desk: Refund 20 EUR of order ${order}`);
    await read(await page(chatId).ask("Delegate to Desk: count to 3"));
    const [passed, next] = outputsOf(await savedTranscript(db, chatId));
    expect(passed).toMatchObject({ state: "failed", requests: [{ waits: false }] });
    expect(next).toMatchObject({ state: "done", result: counted(3) });
    expect(await refundsOf(order)).toEqual([]);
  });

  it.each([
    ["the sub-agent, before its first word", "research", "start"],
    ["the sub-agent, in the middle of its answer", "research", "words"],
    ["the agent, while the sub-agent works", "chat", "words"],
  ] as const)("survives the death of %s: nothing is asked or said twice", async (_, whose, when) => {
    const chatId = newChatId();
    const session = subAgentId(chatId, "Desk");
    const victim = whose === "chat" ? chatId : session;
    const stream = await page(chatId).ask("Delegate to Desk: count to 60 at 30 ms");
    if (when === "start") {
      const reading = read(stream);
      await expect
        .poll(() => engine.workerOf(session).catch(() => undefined), { timeout: 20_000 })
        .toBeDefined();
      await kill(session);
      await reading;
    } else expect((await read(stream, () => kill(victim))).hasWords).toBe(true);
    const transcript = await savedTranscript(db, chatId, 60_000);
    const outputs = outputsOf(transcript);
    expect(outputs).toMatchObject([{ state: "done", result: counted(60) }]);
    expect(lines(transcript).at(-1)?.[1]).toContain(`The desk says: ${counted(60)}`);
    const messages = await conversation(chatId, "Desk");
    expect(said(messages, "user")).toEqual(["count to 60 at 30 ms"]);
    expect(said(messages, "assistant")).toEqual([counted(60)]);
  });

  it("survives a death of either while it goes on after a decision", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const asked = await askAndWait(chatId, `Delegate to Desk: Refund 20 EUR of order ${order}`);
    await decide(chatId, asked.requests[0]!, approve);
    const going = goOn(chatId);
    await expect
      .poll(() => engine.workerOf(asked.requests[0] ? subAgentId(chatId, "Desk") : ""), { timeout: 20_000 })
      .toBeDefined();
    await kill(subAgentId(chatId, "Desk"));
    await going;
    expect(outputsOf(await savedTranscript(db, chatId, 60_000))).toMatchObject([{ state: "done" }]);
    expect(await refundsOf(order)).toHaveLength(1);
  });

  it("whose worker dies every time fails in words, and the chat goes on", async () => {
    const chatId = newChatId();
    await read(await page(chatId).ask("Delegate to Desk: crash the worker every time"));
    const [output] = outputsOf(await savedTranscript(db, chatId, 60_000));
    expect(output).toMatchObject({ state: "failed", result: expect.stringMatching(/crashed|died/) });
    await read(await page(chatId).ask("count to 3"));
    expect(await textOf(chatId)).toBe(counted(3));
  });

  it("that never ends is stopped at its deadline, in words, and the chat goes on", async () => {
    const chatId = newChatId();
    await read(await page(chatId).ask("Delegate to Desk: count to 100000 at 50 ms"));
    const [output] = outputsOf(await savedTranscript(db, chatId));
    expect(output).toMatchObject({
      state: "failed",
      result: expect.stringContaining(`within ${SECONDS} seconds`),
    });
    expect(await textOf(chatId)).toContain("The desk found nothing.");
    await expect
      .poll(() => db.spending.count({ where: { chatId, purpose: "delegate", outputTokens: { gt: 0 } } }))
      .toBe(1);
  });

  it("is stopped with the chat, and what it took is in the ledger", async () => {
    const chatId = newChatId();
    const open = page(chatId);
    await read(await open.ask("Delegate to Desk: count to 100000 at 50 ms"), () =>
      open.transport.stopGeneration(chatId),
    );
    await savedTranscript(db, chatId);
    const row = () => db.subAgent.findUniqueOrThrow({ where: { id: subAgentId(chatId, "Desk") } });
    await expect.poll(async () => (await row()).answered, { timeout: 20_000 }).toBe((await row()).asked);
    expect(await db.spending.count({ where: { chatId, purpose: "delegate", outputTokens: { gt: 0 } } })).toBe(
      1,
    );
    await read(await page(chatId).ask("Delegate to Desk: count to 3"));
    expect(outputsOf(await savedTranscript(db, chatId)).at(-1)).toMatchObject({ result: counted(3) });
  });

  it("is stopped with the chat also while it continues after a decision", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const asked = await askAndWait(chatId, `Delegate to Desk: Refund 20 EUR of order ${order} at 1500 ms`);
    await decide(chatId, asked.requests[0]!, approve);
    await read(await follow(chatId), () => sessions.open(chatId).in.send({ kind: "stop" }));
    expect(outputsOf(await savedTranscript(db, chatId))).toMatchObject([
      { state: "failed", result: "It was stopped." },
    ]);
    expect(await refundsOf(order)).toHaveLength(1);
    await read(await page(chatId).ask("count to 3"));
    expect(await textOf(chatId)).toBe(counted(3));
  });

  it("can't delegate in turn, and says so", async () => {
    const chatId = newChatId();
    await read(await page(chatId).ask("Delegate to Desk: Delegate to Other: count to 3"));
    expect(outputsOf(await savedTranscript(db, chatId))).toMatchObject([
      {
        state: "done",
        steps: [{ title: "Could not delegate, because a sub-agent can't: count to 3", state: "failed" }],
      },
    ]);
    expect(await db.subAgent.count({ where: { chatId } })).toBe(1);
  });
});
