/** Waiting for a human with the real SDK against the engine: asked, decided, continued, once. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Db } from "@/lib/db/client";
import { listPermissions, revokePermission } from "@/lib/chat/requests/permissions";
import { markChatRead } from "@/lib/chat/chats/changes";
import { findListedChat } from "@/lib/chat/chats/list";
import { deliverDecisions, sweepRequests } from "@/lib/chat/requests/deliver";
import { createChat } from "@/lib/chat/tree/queries";
import { findUndelivered, markDelivered } from "@/lib/chat/requests/undelivered";
import { listChatRequests, listWaitingRequests } from "@/lib/chat/requests/views";
import { type EnginePlace, startEnginePlace } from "../support/engine-place";
import { lines, newChatId, readAnswer, savedTranscript } from "../support/page";
import { approve, delivery, dune, newOrder, partOf, requestSteps } from "../support/request-steps";
import type { EngineProcess } from "../support/processes";

const userId = "owner";
let place: EnginePlace | undefined;
let engine: EngineProcess;
let db: Db;

beforeAll(async () => {
  place = await startEnginePlace();
  ({ db, engine } = place);
});

afterAll(() => place?.close());

const { askAndWait, decide, follow, goOn, killWorkers, openPage, refundsOf, textOf } = requestSteps(
  () => place!,
);

describe("a question", () => {
  it("waits in the database, and its answer goes on in the same message", async () => {
    const chatId = newChatId();
    const { transcript, requests } = await askAndWait(chatId, "Ask me something");
    const [asked] = requests;
    expect(requests).toHaveLength(1);
    expect(asked).toMatchObject({
      kind: "question",
      state: "pending",
      tool: "askQuestion",
      onOtherBranch: false,
    });
    expect(asked?.messageId).toBe(transcript.messages[1]?.id);
    expect(await listWaitingRequests(db, userId)).toContainEqual(asked);
    const isUnread = async () => (await findListedChat(db, userId, chatId))?.isUnread;
    await markChatRead(db, { chatId, userId });
    expect(await isUnread()).toBe(false);

    expect(await decide(chatId, asked!, dune)).toMatchObject({ isComplete: true });
    const { answer, transcript: after } = await goOn(chatId);
    // Decided elsewhere, nobody has seen what came of it.
    expect(await isUnread()).toBe(true);
    expect(answer).toMatchObject({ errors: [], starts: 1, id: transcript.messages[1]?.id });
    expect(answer.text).toContain("you chose **dune**");
    expect(after.messages.map(({ id }) => id)).toEqual(transcript.messages.map(({ id }) => id));
    expect(lines(after)[1]?.[1]).toMatch(
      /^I need your choice on one thing\.\s*Noted: you chose \*\*dune\*\*/,
    );
    expect(after.messages[1]?.parts.find((part) => part.type === "tool-askQuestion")).toMatchObject({
      state: "output-available",
      output: { optionIds: ["dune"] },
    });
    expect((await listChatRequests(db, chatId))[0]).toMatchObject({
      state: "answered",
      decidedBy: "Owner",
      decidedVia: "card",
    });
    const checkpoints = await db.checkpoint.findMany({ where: { chatId }, orderBy: { number: "asc" } });
    expect(checkpoints.map(({ kind }) => kind)).toEqual(["partial", "final"]);
  }, 60_000);
});

describe("an approval", () => {
  it("runs what was proposed, once, and in the same message", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const { requests, transcript } = await askAndWait(chatId, `Refund 20 EUR of order ${order}`);
    expect(requests).toMatchObject([
      { kind: "approval", tool: "refund", title: `Refund 20 EUR of order ${order}`, state: "pending" },
    ]);
    expect(await refundsOf(order)).toEqual([]);
    await decide(chatId, requests[0]!, approve);
    const { answer, transcript: after } = await goOn(chatId);
    expect(answer).toMatchObject({ errors: [], id: transcript.messages[1]?.id });
    expect(after.messages).toHaveLength(2);
    expect(await textOf(chatId)).toContain(`I refunded **20 EUR** of order ${order}`);
    expect(await refundsOf(order)).toHaveLength(1);
  }, 60_000);

  it("runs what the person made of it, and tells the model", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const { requests } = await askAndWait(chatId, `Refund 20 EUR of order ${order}`);
    const editedInput = { orderId: order, amount: 7.5, currency: "EUR" };
    await decide(chatId, requests[0]!, { type: "approve", editedInput });
    await goOn(chatId);
    expect(await textOf(chatId)).toContain("I refunded **7.5 EUR**");
    expect((await refundsOf(order)).map(({ data }) => data)).toEqual([editedInput]);
    expect((await listChatRequests(db, chatId))[0]).toMatchObject({
      state: "approved",
      input: { amount: 20 },
      editedInput,
    });
  }, 60_000);

  it("that is denied runs nothing, and the model hears why", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const { requests } = await askAndWait(chatId, `Refund 20 EUR of order ${order}`);
    await decide(chatId, requests[0]!, { type: "deny", reason: "Wait for the photo." });
    await goOn(chatId);
    expect(await textOf(chatId)).toContain('You declined the refund ("Wait for the photo.")');
    expect(await refundsOf(order)).toEqual([]);
  }, 60_000);

  it("of two at once goes on when both are decided, and each is what it was decided to be", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const { requests } = await askAndWait(chatId, `Refund 20 EUR of order ${order} and email the customer`);
    expect(requests.map(({ tool }) => tool)).toEqual(["refund", "sendEmail"]);
    const [refund, mail] = requests;
    expect(await decide(chatId, mail!, { type: "deny" })).toMatchObject({ isComplete: false });
    await deliverDecisions(db, { chatId });
    expect(await refundsOf(order)).toEqual([]);
    expect(await decide(chatId, refund!, approve)).toMatchObject({ isComplete: true });
    const { transcript } = await goOn(chatId);
    expect(transcript.messages).toHaveLength(2);
    expect(await textOf(chatId)).toContain("I refunded");
    expect(await textOf(chatId)).toContain("You declined the email");
    expect(await refundsOf(order)).toHaveLength(1);
  }, 60_000);

  it("follows another one in the same answer", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const { requests } = await askAndWait(chatId, `Refund 20 EUR of order ${order}, then email the customer`);
    await decide(chatId, requests[0]!, approve);
    await goOn(chatId);
    const [first, mail] = await listChatRequests(db, chatId);
    expect(mail).toMatchObject({ tool: "sendEmail", state: "pending" });
    // The news before comes once more.
    await openPage(chatId)
      .transport.sendAction(chatId, { type: "decided", messageId: first!.messageId })
      .then(readAnswer)
      .then(({ errors }) => expect(errors).toEqual([]));
    expect(await savedTranscript(db, chatId)).toMatchObject({ status: "idle" });
    expect(await listChatRequests(db, chatId)).toMatchObject([{ state: "approved" }, { state: "pending" }]);
    await decide(chatId, mail!, approve);
    await deliverDecisions(db, { chatId });
    await expect.poll(() => textOf(chatId), { timeout: 30_000 }).toContain("I sent the email");
    expect((await savedTranscript(db, chatId)).messages).toHaveLength(2);
    expect(await textOf(chatId)).toMatch(
      /^One after the other\.[^]*I refunded[^]*Now the next step\.[^]*I sent the email/,
    );
    expect(await refundsOf(order)).toHaveLength(1);
    const checkpoints = await db.checkpoint.findMany({ where: { chatId }, orderBy: { number: "asc" } });
    expect(checkpoints.map(({ kind }) => kind)).toEqual(["partial", "partial", "final"]);
  }, 90_000);

  it("can be given for the whole chat, and taken back", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const { requests } = await askAndWait(chatId, `Refund 20 EUR of order ${order}`);
    await decide(chatId, requests[0]!, { type: "approve", remember: true });
    await goOn(chatId);
    await readAnswer(await openPage(chatId).ask(`Refund 30 EUR of order ${order}`));
    expect(await textOf(chatId)).toContain("I refunded **30 EUR**");
    expect((await listChatRequests(db, chatId))[1]).toMatchObject({
      state: "approved",
      decidedVia: "policy",
    });
    await revokePermission(db, chatId, "refund");
    await readAnswer(await openPage(chatId).ask(`Refund 40 EUR of order ${order}`));
    await savedTranscript(db, chatId);
    expect((await listChatRequests(db, chatId))[2]).toMatchObject({ state: "pending" });
    expect(await refundsOf(order)).toHaveLength(2);
  }, 90_000);

  it("of something destructive needs its phrase, and cannot be given for the whole chat", async () => {
    const chatId = newChatId();
    const { requests } = await askAndWait(chatId, "Delete the customers C-1 and C-2");
    expect(requests).toMatchObject([{ kind: "confirm", phrase: "delete customers" }]);
    const call = requests[0]!;
    await expect(decide(chatId, call, approve)).rejects.toThrow('Type "delete customers" to approve this.');
    await decide(chatId, call, { type: "approve", phrase: "delete customers", remember: true });
    await goOn(chatId);
    expect(await textOf(chatId)).toContain("I deleted from the customers: C-1, C-2");
    expect(await listPermissions(db, chatId)).toEqual([]);
  }, 60_000);
});

describe("a form", () => {
  it("comes with its schema, refuses what does not fit, and is answered", async () => {
    const chatId = newChatId();
    const { requests } = await askAndWait(chatId, "Where will you deliver it?");
    expect(requests).toMatchObject([{ kind: "form", schema: { type: "object" } }]);
    const call = requests[0]!;
    await expect(
      decide(chatId, call, { type: "answer", output: { ...delivery, parcels: 99 } }),
    ).rejects.toThrow(/`parcels`/);
    await expect(
      decide(chatId, call, { type: "answer", output: { ...delivery, address: 4 } }),
    ).rejects.toThrow(/`address`/);
    await decide(chatId, call, { type: "answer", output: delivery });
    await goOn(chatId);
    expect(await textOf(chatId)).toContain("It goes to **Ada** in Oslo, from 2026-12-01 on.");
  }, 60_000);
});

describe("a sub-agent", () => {
  it("asks, waits, and goes on with the answer before the agent does", async () => {
    const chatId = newChatId();
    const { requests, transcript } = await askAndWait(chatId, "Let a sub-agent find a courier");
    expect(requests).toMatchObject([{ kind: "question", tool: "askQuestion", state: "pending" }]);
    expect(partOf(transcript, "tool-delegate")).toMatchObject({ output: { state: "waiting" } });
    await killWorkers(chatId);
    await decide(chatId, requests[0]!, { type: "answer", output: { optionIds: ["mon", "wed"] } });
    const { answer, transcript: after } = await goOn(chatId);
    expect(answer.errors).toEqual([]);
    expect(after.messages).toHaveLength(2);
    expect(partOf(after, "tool-delegate")).toMatchObject({
      output: { state: "done", result: expect.stringContaining("mon, wed") },
    });
    expect(await textOf(chatId)).toMatch(/The courier desk says: Noted: you chose \*\*mon, wed\*\*/);
    expect((await listChatRequests(db, chatId))[0]?.state).toBe("answered");
  }, 90_000);

  it("whose question is passed over is told so", async () => {
    const chatId = newChatId();
    await askAndWait(chatId, "Let a sub-agent find a courier");
    await readAnswer(await openPage(chatId).ask("count to 1"));
    const after = await savedTranscript(db, chatId);
    expect(lines(after).at(-1)?.[1]).toBe("0 1");
    expect(partOf(after, "tool-delegate")).toMatchObject({ output: { state: "failed" } });
    expect((await listChatRequests(db, chatId))[0]?.state).toBe("skipped");
  }, 60_000);
});

describe("what dies meanwhile", () => {
  it("the worker, while something waits", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const { requests } = await askAndWait(chatId, `Refund 20 EUR of order ${order}`);
    await killWorkers(chatId);
    await decide(chatId, requests[0]!, approve);
    const { transcript } = await goOn(chatId);
    expect(transcript.messages).toHaveLength(2);
    expect(await textOf(chatId)).toMatch(/^Let me see to it\.[^]*I refunded/);
    expect(await refundsOf(order)).toHaveLength(1);
  }, 60_000);

  it("the worker, in the middle of what follows the decision: it is written again, and done once", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const { requests } = await askAndWait(chatId, `Refund 20 EUR of order ${order} at 80 ms`);
    await decide(chatId, requests[0]!, approve);
    let killed = false;
    await readAnswer(await follow(chatId), (_, chunk) => {
      if (killed || chunk.type !== "text-delta") return;
      killed = true;
      engine.killWorkers();
    });
    expect(killed).toBe(true);
    await expect.poll(() => textOf(chatId), { timeout: 30_000 }).toMatch(/no money moved\.$/);
    const { messages } = await savedTranscript(db, chatId);
    expect(messages).toHaveLength(2);
    expect((await textOf(chatId)).match(/I refunded/g)).toHaveLength(1);
    expect(await refundsOf(order)).toHaveLength(1);
  }, 90_000);

  it("the engine, while something waits", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const { requests } = await askAndWait(chatId, `Refund 20 EUR of order ${order}`);
    await engine.restart();
    await decide(chatId, requests[0]!, approve);
    await goOn(chatId);
    expect(await textOf(chatId)).toContain("I refunded");
    expect(await refundsOf(order)).toHaveLength(1);
  }, 90_000);

  it("the process that took the decision, before it could tell the agent: the next look tells it", async () => {
    const [chatId, order] = [newChatId(), newOrder()];
    const { requests } = await askAndWait(chatId, `Refund 20 EUR of order ${order}`);
    await decide(chatId, requests[0]!, approve);
    expect(await findUndelivered(db, { chatId })).toHaveLength(1);
    await sweepRequests(db);
    await expect.poll(() => textOf(chatId), { timeout: 30_000 }).toContain("I refunded");
    expect(await findUndelivered(db, { chatId })).toEqual([]);
    // Told twice: nothing more happens.
    await db.humanRequest.updateMany({ where: { chatId }, data: { deliveredAt: null } });
    await deliverDecisions(db, { chatId });
    await readAnswer(await openPage(chatId).ask("count to 1"));
    expect((await savedTranscript(db, chatId)).messages).toHaveLength(4);
    expect(await refundsOf(order)).toHaveLength(1);
  }, 60_000);
});

it("news that nothing came of is told again, and not for ever", async () => {
  const chatId = newChatId();
  await createChat(db, { id: chatId, userId });
  const row = {
    chatId,
    toolCallId: "call_1",
    messageId: "m",
    tool: "refund",
    kind: "approval",
    title: "?",
    input: {},
  };
  const decidedAt = new Date();
  await db.humanRequest.create({ data: { ...row, state: "approved", decidedAt } });
  const later = (minutes: number) => new Date(decidedAt.getTime() + minutes * 60_000);
  const isDue = async (minutes: number) =>
    (await findUndelivered(db, { chatId, now: later(minutes) })).length === 1;
  const tell = (minutes: number) => markDelivered(db, { chatId, messageId: "m", now: later(minutes) });
  expect(await isDue(0)).toBe(true);
  await tell(0);
  expect([await isDue(0.5), await isDue(2)]).toEqual([false, true]);
  await tell(2);
  expect([await isDue(3), await isDue(5)]).toEqual([false, true]);
  await db.chat.update({ where: { id: chatId }, data: { status: "running" } });
  expect([await isDue(5), await isDue(23)]).toEqual([false, true]);
  await db.chat.update({ where: { id: chatId }, data: { status: "failed" } });
  await tell(5);
  await tell(10);
  expect(await isDue(10_000)).toBe(false);
});
