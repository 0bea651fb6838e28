/** The database commits, and its answer is lost on the way: whoever tries again recognizes their own work. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { save, testDatabase } from "@/e2e/support/chat-fixtures";
import { tcpProxy, type TcpProxy } from "@/e2e/support/tcp-proxy";
import { createDb, type Db } from "@/lib/db/client";
import { checkInput, checkOutput, describeCall } from "@/lib/agent/approval-policy";
import { copyChat } from "../chats/copy";
import { decideRequest } from "../requests/decide";
import { stopRequests, skipRequests } from "../requests/settle";
import { runOnce } from "../effects/ledger";
import { settleEffect } from "../effects/outcomes";
import { createChat, loadTranscript } from "./queries";
import { listChatRequests } from "../requests/views";
import { createShare, listShares } from "../chats/share";
import { prismaStorage } from "./storage";

const shared = testDatabase();
let wire: TcpProxy;
/** Over the wire that loses answers. */
let db: Db;
let chatId: string;
let lose: number;
let lost: number;

beforeAll(async () => {
  const url = new URL(shared.url);
  let isCommitting = false;
  wire = await tcpProxy(Number(url.port), (direction, bytes) => {
    if (direction === "up" && bytes.includes("COMMIT")) isCommitting = true;
    if (direction === "up" || !isCommitting) return;
    isCommitting = false;
    if (lost === lose) return;
    lost += 1;
    wire.cut();
    wire.heal();
  });
  url.port = String(wire.port);
  db = createDb(url.href);
});
afterAll(async () => {
  await db.$disconnect();
  await wire.close();
});

const input = { orderId: "A-1", amount: 20, currency: "EUR" };
const waiting = {
  type: "tool-refund",
  toolCallId: "call_0",
  state: "approval-requested",
  input,
  approval: { id: "x" },
};
const answer = (...parts: object[]) => ({ id: "m", role: "assistant", parts }) as never;
const question = { id: "q", role: "user", parts: [{ type: "text", text: "Refund it" }] } as never;
const storage = (over: Db) => prismaStorage(over, { describe: describeCall });

beforeEach(async () => {
  [lose, lost] = [0, 0];
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
  await save(storage(shared.db), chatId, [
    { op: "put", message: question },
    { op: "put", message: answer(waiting) },
  ]);
});

const decide = (over: Db, userId = "ada") =>
  decideRequest(over, {
    chatId,
    messageId: "m",
    toolCallId: "call_0",
    userId,
    decision: { type: "approve" },
    via: "card",
    checkInput,
    checkOutput,
  });

it("a decision is taken, and its person hears so", async () => {
  lose = 2;
  expect(await decide(db)).toEqual({ messageId: "m", isComplete: true });
  expect(lost).toBe(2);
  expect(await listChatRequests(shared.db, chatId)).toMatchObject([{ state: "approved", decidedBy: "ada" }]);
  // The same person with the same decision, once more, is late like anybody else.
  await expect(decide(shared.db)).rejects.toThrow("already approved");
});

it("a copy is made once, and a link is made once", async () => {
  lose = 1;
  const copy = await copyChat(db, { chatId, userId: "ada" });
  expect(lost).toBe(1);
  const copies = await shared.db.chat.findMany({ where: { title: { endsWith: "(copy)" } } });
  expect(copies.filter(({ id }) => id === copy)).toHaveLength(1);
  expect((await loadTranscript(shared.db, copy!))?.messages).toHaveLength(2);

  [lose, lost] = [1, 0];
  expect(await createShare(db, { chatId, userId: "ada" })).toHaveProperty("token");
  expect(lost).toBe(1);
  expect(await listShares(shared.db, "ada", chatId)).toHaveLength(1);
});

it("a save changes nothing more the second time", async () => {
  const whole = answer(
    { ...waiting, state: "output-available", output: {} },
    { type: "text", text: "Done." },
  );
  lose = 1;
  await save(storage(db), chatId, [{ op: "put", message: whole }]);
  expect(lost).toBe(1);
  expect((await loadTranscript(shared.db, chatId))?.messages).toEqual([question, whole]);
  expect(await shared.db.checkpoint.count({ where: { chatId } })).toBe(2);
});

it("an effect is recorded, and settled, as what it was", async () => {
  const call = {
    chatId,
    turn: "q",
    tool: "refund",
    input,
    answerId: "m",
    toolCallId: "call_0",
    approved: true,
  };
  let times = 0;
  lose = 1;
  expect(await runOnce(db, call, () => ({ times: (times += 1) }))).toEqual({ times: 1 });
  expect(lost).toBe(1);
  expect(await runOnce(db, call, () => ({ times: (times += 1) }))).toEqual({ times: 1 });
  await shared.db.effect.updateMany({ where: { chatId }, data: { state: "unknown" } });
  const { key } = await shared.db.effect.findFirstOrThrow({ where: { chatId } });
  expect(await settleEffect(db, { chatId, key }, { outcome: "happened" }, "ada")).toBe("settled");
});

it.each([
  ["skipped", (tx: Parameters<typeof skipRequests>[0]) => skipRequests(tx, { chatId, messageIds: ["m"] })],
  [
    "stopped",
    (tx: Parameters<typeof skipRequests>[0]) =>
      stopRequests(tx, { chatId, calls: [{ messageId: "m", toolCallId: "call_0" }] }),
  ],
])("what was %s is told the same way by the second try", async (_, end) => {
  await decide(shared.db);
  const first = await shared.db.$transaction((tx) => end(tx));
  const again = await shared.db.$transaction((tx) => end(tx));
  expect(again).toEqual(first);
  expect(again).toMatchObject([{ state: "skipped" }]);
});
