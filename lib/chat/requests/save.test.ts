/** What waits for a human, as it is saved with the message that asks. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { save, testDatabase } from "@/e2e/support/chat-fixtures";
import { describeCall } from "@/lib/agent/approval-policy";
import { expireRequests } from "./settle";
import { settleEffect } from "../effects/outcomes";
import { createChat } from "../tree/queries";
import { listChatRequests, listWaitingRequests } from "./views";
import { prismaStorage } from "../tree/storage";

const shared = testDatabase();
const input = { orderId: "A-1", amount: 20, currency: "EUR" };
let chatId: string;

beforeEach(async () => {
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
});

const answer = (id: string, ...parts: object[]) => ({ id, role: "assistant", parts }) as never;
const refund = (more: object) => ({ type: "tool-refund", toolCallId: "call_1", input, ...more });
const waiting = refund({ state: "approval-requested", approval: { id: "x" } });
const put = (message: never) =>
  save(prismaStorage(shared.db, { describe: describeCall }), chatId, [{ op: "put", message }]);
const requests = () => listChatRequests(shared.db, chatId);

describe("a message that asks", () => {
  it("is saved with its request, once however often it is saved", async () => {
    await put(answer("m", waiting));
    await put(answer("m", waiting));
    expect(await requests()).toMatchObject([
      {
        toolCallId: "call_1",
        messageId: "m",
        kind: "approval",
        state: "pending",
        input,
        onOtherBranch: false,
      },
    ]);
    expect(await listWaitingRequests(shared.db, "ada")).toContainEqual(expect.objectContaining({ chatId }));
    expect(await listWaitingRequests(shared.db, "bob")).toEqual([]);
    expect(await shared.db.checkpoint.findMany({ where: { chatId } })).toMatchObject([
      { kind: "partial", number: 1 },
    ]);
  });

  it("keeps the arguments in the order in which they were proposed", async () => {
    const proposed = { orderId: "A-1", reason: "Late", currency: "EUR", amount: 20 };
    await put(answer("m", refund({ state: "approval-requested", approval: { id: "x" }, input: proposed })));
    const [request] = await requests();
    expect(Object.keys(request!.input as object)).toEqual(Object.keys(proposed));
    const { properties } = request!.schema as { properties: object };
    expect(Object.keys(properties)).toEqual(["orderId", "amount", "currency", "reason"]);
  });

  it("asks nothing with a call that is about to run, that is half written, or of a tool without a rule", async () => {
    await put(
      answer(
        "m",
        refund({ state: "input-available" }),
        refund({ state: "input-streaming", toolCallId: "call_2" }),
        { type: "tool-weather", toolCallId: "call_3", state: "input-available", input: { city: "Oslo" } },
        {
          type: "tool-refund",
          toolCallId: "call_4",
          state: "approval-requested",
          input: { amount: "much" },
          approval: { id: "y" },
        },
      ),
    );
    expect(await requests()).toEqual([]);
  });

  it("keeps its order when it asks several things at once", async () => {
    const calls = Array.from({ length: 8 }, (_, index) => ({ ...waiting, toolCallId: `call_${8 - index}` }));
    await put(answer("m", ...calls));
    expect((await requests()).map(({ toolCallId }) => toolCallId)).toEqual(
      calls.map(({ toolCallId }) => toolCallId),
    );
  });

  it("whose rule decided by itself is in the history, and waits for nobody", async () => {
    const approval = { id: "x", approved: true, isAutomatic: true, reason: "Always allowed in this chat." };
    await put(answer("m", refund({ state: "output-available", approval, output: {} })));
    expect(await requests()).toMatchObject([
      { state: "approved", decidedVia: "policy", reason: approval.reason },
    ]);
    const waitingOnes = await listWaitingRequests(shared.db, "ada");
    expect(waitingOnes.filter((each) => each.chatId === chatId)).toEqual([]);
  });
});

describe("a tool whose rule has an end", () => {
  const days = (count: number, from: string) => new Date(new Date(from).getTime() + count * 86_400_000);

  it("asks until then, and not a moment longer", async () => {
    const deletion = {
      type: "tool-deleteRecords",
      toolCallId: "call_1",
      state: "approval-requested",
      input: { collection: "orders", ids: ["O-1"] },
      approval: { id: "x" },
    };
    await put(answer("m", deletion));
    const { createdAt, expiresAt } = (await requests())[0]!;
    expect(new Date(expiresAt ?? 0)).toEqual(days(7, createdAt));
    const state = async () => (await requests())[0]?.state;
    await expireRequests(shared.db, days(6.9, createdAt));
    expect(await state()).toBe("pending");
    await expireRequests(shared.db, days(7, createdAt));
    expect(await state()).toBe("expired");
  });

  it("and one without waits for ever", async () => {
    await put(answer("m", waiting));
    expect((await requests())[0]?.expiresAt).toBeNull();
  });
});

it("an answer that repeats the call ids of another has requests of its own", async () => {
  await put(answer("m1", waiting));
  await put(answer("m2", { ...waiting, input: { ...input, amount: 70 } }));
  await put(
    answer("m1", refund({ state: "output-available", approval: { id: "x", approved: true }, output: {} })),
  );
  expect(
    (await requests()).map((each) => [each.messageId, (each.input as typeof input).amount, each.why]),
  ).toEqual([
    ["m1", 20, expect.not.stringContaining("Careful")],
    ["m2", 70, expect.not.stringContaining("Careful")],
  ]);
  const effect = {
    chatId,
    tool: "refund",
    toolCallId: "call_1",
    messageId: "q",
    input,
    holder: "h",
    leaseUntil: new Date(),
  };
  await shared.db.effect.create({
    data: { ...effect, key: crypto.randomUUID(), answerId: "m1", state: "done" },
  });
  await put(answer("m3", waiting));
  expect((await requests()).at(-1)).toMatchObject({
    messageId: "m3",
    why: expect.stringContaining("Careful"),
  });
});

describe("of more requests than are shown", () => {
  beforeEach(async () => {
    const row = { chatId, messageId: "m", tool: "refund", kind: "approval", title: "?", input };
    const data = Array.from({ length: 203 }, (_, number) => ({
      ...row,
      toolCallId: `call_${number}`,
      createdAt: new Date(1_700_000_000_000 + number * 1_000),
    }));
    await shared.db.humanRequest.createMany({ data });
  });
  afterEach(() => shared.db.humanRequest.deleteMany({ where: { chatId } }));

  it("a chat shows the newest, the oldest of them first", async () => {
    const shown = (await requests()).map(({ toolCallId }) => toolCallId);
    expect(shown).toHaveLength(200);
    expect([shown[0], shown.at(-1)]).toEqual(["call_3", "call_202"]);
  });

  it("the inbox shows what has waited longest", async () => {
    const shown = (await listWaitingRequests(shared.db, "ada")).map(({ toolCallId }) => toolCallId);
    expect(shown).toHaveLength(200);
    expect(shown).toContain("call_0");
    expect(shown).not.toContain("call_202");
  });
});

describe("an approved call of which nobody knows whether it happened", () => {
  const output = () => ({
    $holdfast: "unknown-outcome",
    outcome: "unknown",
    effect: chatId,
    tool: "refund",
    startedAt: new Date().toISOString(),
    message: "?",
  });
  const ended = (approval: object = { id: "x", approved: true }) =>
    answer("m", refund({ state: "output-available", approval, output: output() }));
  const checked = { state: "approved", reason: "Checked afterwards: it did not happen." };
  const settle = () => settleEffect(shared.db, { chatId, key: chatId }, { outcome: "did-not-happen" }, "ada");

  beforeEach(async () => {
    await put(answer("m", waiting));
    await shared.db.humanRequest.updateMany({ where: { chatId }, data: { state: "approved" } });
    const call = { tool: "refund", answerId: "m", toolCallId: "call_1", input };
    await shared.db.effect.create({
      data: {
        key: chatId,
        chatId,
        messageId: "q",
        ...call,
        holder: "dead",
        state: "unknown",
        leaseUntil: new Date(),
      },
    });
  });

  it("says so, until a person has checked", async () => {
    await put(ended());
    expect((await requests())[0]).toMatchObject({ state: "unknown-outcome" });
    expect(await settle()).toBe("settled");
    expect((await requests())[0]).toMatchObject(checked);
    // The same message again, as the next turn saves it: what was found out stays.
    await put(
      answer("m", refund({ state: "output-available", output: output() }), { type: "text", text: "!" }),
    );
    expect((await requests())[0]).toMatchObject(checked);
  });

  it("of a sub-agent says so, too", async () => {
    const inside = { toolCallId: "call_1", tool: "refund", input, waits: false };
    const delegated = {
      $holdfast: "sub-agent",
      state: "done",
      requests: [inside],
      unknown: [{ toolCallId: "call_1", outcome: output() }],
    };
    const call = { type: "tool-delegate", toolCallId: "d", state: "output-available", input: {} };
    await put(answer("m", { ...call, output: delegated } as never));
    expect((await requests())[0]).toMatchObject({ state: "unknown-outcome" });
    expect(await settle()).toBe("settled");
    expect((await requests())[0]).toMatchObject(checked);
  });

  it("says what a person has found out, also when they were faster than the end of the turn", async () => {
    expect(await settle()).toBe("settled");
    await put(ended());
    expect((await requests())[0]).toMatchObject(checked);
  });

  it("says so when it broke off and its record has not noticed yet", async () => {
    await shared.db.effect.updateMany({ where: { chatId }, data: { state: "started" } });
    await put(ended());
    expect((await requests())[0]).toMatchObject({ state: "unknown-outcome" });
  });

  it("says so when a standing permission approved it", async () => {
    await shared.db.humanRequest.deleteMany({ where: { chatId } });
    await put(ended({ id: "x", approved: true, isAutomatic: true, reason: "Always allowed in this chat." }));
    expect((await requests())[0]).toMatchObject({ state: "unknown-outcome", decidedVia: "policy" });
    expect(await settle()).toBe("settled");
    expect((await requests())[0]).toMatchObject({ ...checked, decidedVia: "policy" });
  });
});
