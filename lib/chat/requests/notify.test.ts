import { beforeEach, describe, expect, it } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { notifyWaiting, type Channel, type Notice } from "./notify";
import { createChat } from "../tree/queries";

const shared = testDatabase();
const start = new Date("2026-11-21T14:00:00Z");
const minutes = (count: number) => () => new Date(start.getTime() + count * 60_000);
let chatId: string;

beforeEach(async () => {
  await shared.db.chat.deleteMany();
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
});

function ask(toolCallId: string, more: object = {}) {
  return shared.db.humanRequest.create({
    data: {
      chatId,
      toolCallId,
      messageId: "a1",
      tool: "refund",
      kind: "approval",
      title: `Refund ${toolCallId}`,
      input: {},
      createdAt: start,
      ...more,
    },
  });
}

function listener(name = "webhook", fail?: (notice: Notice) => boolean): Channel & { heard: string[] } {
  const heard: string[] = [];
  const notify = async (notice: Notice) => {
    if (fail?.(notice)) throw new Error(`${name} is down`);
    heard.push(notice.toolCallId);
  };
  return { name, heard, notify };
}

describe("what waits is told elsewhere", () => {
  it("once, however many processes look at the same time", async () => {
    const calls = Array.from({ length: 45 }, (_, index) => `call-${index}`);
    for (const call of calls) await ask(call);
    const webhook = listener();
    await Promise.all(Array.from({ length: 8 }, () => notifyWaiting(shared.db, [webhook], minutes(1))));
    await notifyWaiting(shared.db, [webhook], minutes(60));
    expect(webhook.heard.toSorted()).toEqual(calls.toSorted());
  });

  it("with its owner, and neither a guest nor an unverified account has an address", async () => {
    await ask("call");
    const notices: Notice[] = [];
    const notify = async (notice: Notice) => void notices.push(notice);
    await shared.db.user.update({ where: { id: "ada" }, data: { emailVerified: true } });
    await notifyWaiting(shared.db, [{ name: "webhook", notify }], minutes(0));
    expect(notices).toEqual([
      {
        chatId,
        messageId: "a1",
        toolCallId: "call",
        kind: "approval",
        tool: "refund",
        title: "Refund call",
        why: null,
        createdAt: start,
        expiresAt: null,
        owner: { id: "ada", name: "ada", email: "ada@example.com" },
      },
    ]);
    await shared.db.user.update({ where: { id: "bob" }, data: { isAnonymous: true } });
    await shared.db.chat.update({ where: { id: chatId }, data: { userId: "bob" } });
    await ask("of a guest");
    await notifyWaiting(shared.db, [{ name: "webhook", notify }], minutes(0));
    expect(notices[1]?.owner).toEqual({ id: "bob", name: "bob", email: null });
    // Nor has somebody whose address may be anybody's.
    await shared.db.user.update({ where: { id: "bob" }, data: { isAnonymous: false } });
    await ask("of an account");
    await notifyWaiting(shared.db, [{ name: "webhook", notify }], minutes(0));
    expect(notices[2]?.owner).toEqual({ id: "bob", name: "bob", email: null });
  });

  it("and not when it waits no longer, is due, or its chat is deleted", async () => {
    await ask("decided", { state: "approved" });
    await ask("due", { expiresAt: minutes(1)() });
    const deleted = crypto.randomUUID();
    await createChat(shared.db, { id: deleted, userId: "ada" });
    await ask("of a deleted chat", { chatId: deleted });
    await shared.db.chat.update({ where: { id: deleted }, data: { deletedAt: start } });
    const webhook = listener();
    await notifyWaiting(shared.db, [webhook], minutes(1));
    expect(webhook.heard).toEqual([]);
  });

  it("again when it did not arrive, later each time, and only to whom it did not", async () => {
    await ask("call");
    let isDown = true;
    const mail = listener("mail");
    const webhook = listener("webhook", () => isDown);
    const sweepAt = (minute: number) => notifyWaiting(shared.db, [mail, webhook], minutes(minute));
    expect(await sweepAt(0)).toEqual([new Error("webhook is down")]);
    expect(await sweepAt(1)).toEqual([]);
    expect(await sweepAt(3)).toHaveLength(1);
    expect(await sweepAt(5)).toEqual([]);
    isDown = false;
    expect(await sweepAt(7)).toEqual([]);
    await sweepAt(500);
    expect({ mail: mail.heard, webhook: webhook.heard }).toEqual({ mail: ["call"], webhook: ["call"] });
  });

  it("by the next sweep when the process that told it died", async () => {
    await ask("call");
    const dies: Channel = { name: "webhook", notify: () => new Promise(() => {}) };
    void notifyWaiting(shared.db, [dies], minutes(0));
    await expect
      .poll(async () => (await shared.db.humanRequest.findFirst({ where: { chatId } }))?.notifyAfter)
      .toEqual(minutes(2)());
    const webhook = listener();
    await notifyWaiting(shared.db, [webhook], minutes(1));
    expect(webhook.heard).toEqual([]);
    await notifyWaiting(shared.db, [webhook], minutes(3));
    expect(webhook.heard).toEqual(["call"]);
  });

  it("is left alone while nobody wants to be told", async () => {
    await ask("call");
    await notifyWaiting(shared.db, [], minutes(0));
    expect(await shared.db.humanRequest.findFirst({ where: { chatId } })).toMatchObject({
      notifiedAt: null,
      notifyAfter: null,
    });
  });
});
