/** A provider that calls every tool call of every answer `call_0`, with the real SDK against the engine. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { decideRequest } from "@/lib/chat/requests/decide";
import { listChatRequests } from "@/lib/chat/requests/views";
import type { Db } from "@/lib/db/client";
import { checkInput, checkOutput } from "@/lib/agent/approval-policy";
import { type EnginePlace, startEnginePlace } from "../support/engine-place";
import { startOpenAiServer, type OpenAiServer, type Reply } from "../support/openai-server";
import { followDecisions, newChatId, openPage, readAnswer, savedTranscript } from "../support/page";
import type { EngineProcess } from "../support/processes";

const userId = "owner";
let place: EnginePlace | undefined;
let provider: OpenAiServer;
let engine: EngineProcess;
let db: Db;

beforeAll(async () => {
  provider = await startOpenAiServer();
  place = await startEnginePlace({ env: { OPENAI_BASE_URL: provider.url } });
  ({ db, engine } = place);
});

afterAll(async () => {
  await place?.close();
  await provider?.close();
});

const site = () => ({ db, userId, engineUrl: engine.url });
const call = (name: string, input: object) => ({ type: "tool", name, input, id: "call_0" }) as const;
const refund = (orderId: string, amount: number) => call("refund", { orderId, amount, currency: "EUR" });
const text = (words: string): Reply => ({ type: "text", pieces: [words] });

async function approve(chatId: string): Promise<void> {
  const [request] = (await listChatRequests(db, chatId)).filter(({ state }) => state === "pending");
  const { messageId, toolCallId } = request!;
  const by = { userId, via: "card", checkInput, checkOutput } as const;
  await decideRequest(db, { chatId, messageId, toolCallId, decision: { type: "approve" }, ...by });
  await readAnswer(await followDecisions(site(), chatId));
  await savedTranscript(db, chatId);
}

const booked = async (orders: string[]) => {
  const all = await db.demoEntry.findMany({ where: { kind: "refund" }, orderBy: { createdAt: "asc" } });
  const data = all.map((entry) => entry.data as { orderId: string; amount: number });
  return data
    .filter(({ orderId }) => orders.includes(orderId))
    .map(({ orderId, amount }) => [orderId, amount]);
};
/** What the model was told of its calls, the last time it was asked. */
const told = () =>
  provider.requests
    .at(-1)!
    .body.messages!.filter(({ role }) => role === "tool")
    .map(({ content }) => String(content));

it("each call has a card, a row and a result of its own", async () => {
  const chatId = newChatId();
  const page = openPage(site(), chatId);
  provider.script(refund("A-1", 50), text("A-1 is done."), refund("B-2", 70), text("B-2 is done."));
  await readAnswer(await page.ask("Refund A-1, 50 EUR"));
  await savedTranscript(db, chatId);
  await approve(chatId);
  await readAnswer(await page.ask("Refund B-2, 70 EUR"));
  await savedTranscript(db, chatId);

  const [first, second] = await listChatRequests(db, chatId);
  expect(first).toMatchObject({ state: "approved", input: { orderId: "A-1" } });
  expect(second).toMatchObject({ state: "pending", input: { orderId: "B-2" } });
  expect(await booked(["A-1", "B-2"])).toEqual([["A-1", 50]]);

  await approve(chatId);
  expect(await booked(["A-1", "B-2"])).toEqual([
    ["A-1", 50],
    ["B-2", 70],
  ]);
  expect(told()).toEqual([
    expect.stringContaining('"orderId":"A-1"'),
    expect.stringContaining('"orderId":"B-2"'),
  ]);
  const { messages } = await savedTranscript(db, chatId);
  const calls = messages.flatMap(({ parts }) => parts.filter((part) => part.type === "tool-refund"));
  expect(calls).toMatchObject([
    { state: "output-available", output: { orderId: "A-1", amount: 50 } },
    { state: "output-available", output: { orderId: "B-2", amount: 70 } },
  ]);
  expect(new Set(calls.map((part) => "toolCallId" in part && part.toolCallId)).size).toBe(2);
}, 90_000);

it("two versions of an answer, which know nothing of each other, are two calls", async () => {
  const chatId = newChatId();
  const page = openPage(site(), chatId);
  provider.script(refund("C-3", 50), text("Done."), refund("C-3", 50), text("Done again."));
  await readAnswer(await page.ask("Refund C-3, 50 EUR"));
  await savedTranscript(db, chatId);
  await approve(chatId);
  expect(await booked(["C-3"])).toEqual([["C-3", 50]]);
  const { messages } = await savedTranscript(db, chatId);
  await readAnswer(
    await page.act({ type: "regenerate", actionId: crypto.randomUUID(), nodeId: messages[1]!.id }),
  );
  await savedTranscript(db, chatId);

  const requests = await listChatRequests(db, chatId);
  expect(requests.map(({ state, toolCallId }) => [state, toolCallId])).toEqual([
    ["approved", "call_0"],
    ["pending", "call_0"],
  ]);
  // To pay the same a second time is what the person then decides, and they are told.
  expect(requests[1]?.why).toContain("Careful");
  await approve(chatId);
  expect(await booked(["C-3"])).toHaveLength(2);
  expect((await listChatRequests(db, chatId)).map(({ state }) => state)).toEqual(["approved", "approved"]);
}, 90_000);

it("calls of one answer that repeat their id are apart", async () => {
  const chatId = newChatId();
  const look = (step: number) => call("lookUp", { topic: "lamps", step });
  provider.script(look(1), look(2), refund("D-4", 50), text("All done."));
  await readAnswer(await openPage(site(), chatId).ask("Look twice and refund D-4"));
  await savedTranscript(db, chatId);
  await approve(chatId);
  expect(told()).toEqual([
    expect.stringContaining('"step":1'),
    expect.stringContaining('"step":2'),
    expect.stringContaining('"orderId":"D-4"'),
  ]);
  expect(await booked(["D-4"])).toEqual([["D-4", 50]]);
}, 90_000);
