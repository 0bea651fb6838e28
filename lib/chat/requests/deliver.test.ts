/** Decisions on their way to agents of which some do not answer. */
import { beforeEach, describe, expect, it } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { deliverDecisions } from "./deliver";
import { createChat } from "../tree/queries";
import { claimUndelivered, findUndelivered, type Undelivered } from "./undelivered";

const shared = testDatabase();
const start = new Date("2026-11-27T12:00:00Z");
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);
let told: string[];

beforeEach(async () => {
  await shared.db.humanRequest.deleteMany({});
  told = [];
});

/** Decided longer ago the lower its number is. */
async function decided(number: number): Promise<string> {
  const chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
  await shared.db.humanRequest.create({
    data: {
      chatId,
      messageId: "m",
      toolCallId: "call_0",
      tool: "refund",
      kind: "approval",
      title: "?",
      input: {},
      state: "approved",
      decidedAt: after(number - 100),
    },
  });
  return chatId;
}

const row = (chatId: string) => shared.db.humanRequest.findFirstOrThrow({ where: { chatId } });
const isDue = async (chatId: string, seconds: number) =>
  (await findUndelivered(shared.db, { chatId, now: after(seconds) })).length === 1;
const listening = async ({ chatId }: Undelivered) => void told.push(chatId);

describe("a decision", () => {
  it.each([
    ["fails", () => Promise.reject(new Error("No such session."))],
    ["never ends", () => new Promise<void>(() => {})],
  ])("whose delivery %s stops no other one", async (_, fail) => {
    const stuck = [await decided(0), await decided(1), await decided(2)];
    const others: string[] = [];
    for (let number = 3; number < 30; number++) others.push(await decided(number));
    const tell = (message: Undelivered) => (stuck.includes(message.chatId) ? fail() : listening(message));
    const delivered = deliverDecisions(shared.db, { now: start, withinMs: 500, tell });
    await expect(delivered).rejects.toThrow("3 decisions could not be delivered");
    expect(told.toSorted()).toEqual(others.toSorted());
    expect(await row(others[0]!)).toMatchObject({ deliveredAt: start, deliveries: 1, deliveryAttempts: 0 });
    expect(await row(stuck[0]!)).toMatchObject({ deliveredAt: null, deliveries: 0, deliveryAttempts: 1 });
  });

  it("is counted before it is tried, so a process that dies of it holds up nobody after it", async () => {
    const [deadly, other] = [await decided(0), await decided(1)];
    // Claimed, and then its process is gone.
    expect(await claimUndelivered(shared.db, { limit: 1, now: start })).toEqual([
      { chatId: deadly, messageId: "m", attempts: 1 },
    ]);
    await deliverDecisions(shared.db, { now: start, tell: listening });
    expect(told).toEqual([other]);
    expect([await isDue(deadly, 59), await isDue(deadly, 61)]).toEqual([false, true]);
    await claimUndelivered(shared.db, { limit: 1, now: after(61) });
    expect([await isDue(deadly, 61 + 119), await isDue(deadly, 61 + 121)]).toEqual([false, true]);
  });

  it("that could not be delivered waits twice as long each time, and never for ever", async () => {
    const chatId = await decided(0);
    const fail = () => Promise.reject(new Error("No."));
    let seconds = 0;
    for (const wait of [5, 10, 20, 40, 80, 160, 320, 320, 320]) {
      await deliverDecisions(shared.db, { now: after(seconds), tell: fail }).catch(() => {});
      expect([await isDue(chatId, seconds + wait - 1), await isDue(chatId, seconds + wait)]).toEqual([
        false,
        true,
      ]);
      seconds += wait;
    }
    await deliverDecisions(shared.db, { now: after(seconds), tell: listening });
    expect(told).toEqual([chatId]);
    expect(await row(chatId)).toMatchObject({ deliveries: 1, deliveryAttempts: 0, deliverAfter: null });
  });

  it("is told once, however many processes deliver at once", async () => {
    for (let number = 0; number < 25; number++) await decided(number);
    const deliver = () => deliverDecisions(shared.db, { now: start, tell: listening });
    await Promise.all(Array.from({ length: 6 }, deliver));
    expect(told).toHaveLength(25);
    expect(new Set(told).size).toBe(25);
  });
});
