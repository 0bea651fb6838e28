/** The answers to decisions made with a link. */
import { createHmac } from "node:crypto";
import { beforeEach, expect, it, vi } from "vitest";
import { appDatabase } from "@/e2e/support/chat-fixtures";
import { createAnswerToken } from "@/lib/chat/requests/answer-link";
import { createChat } from "@/lib/chat/tree/queries";

vi.mock("server-only", () => ({}));
// The engine is unreachable, and the decision still counts.
vi.mock("@/lib/chat/requests/deliver", () => ({ deliverDecisions: async () => {} }));
const { answerByLink } = await import("./actions");

const shared = appDatabase({ BETTER_AUTH_SECRET: "a secret of this test" });
const toolCallId = "call_1";
let chatId: string;
let token: string;

beforeEach(async () => {
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
  const input = { orderId: "A-1", amount: 20, currency: "EUR" };
  await shared.db.humanRequest.create({
    data: { chatId, toolCallId, messageId: "m", tool: "refund", kind: "approval", title: "?", input },
  });
  token = createAnswerToken({ chatId, messageId: "m", toolCallId, expiresAt: null })!;
});

const approve = () => answerByLink({ token, decision: { type: "approve" } });
const change = (data: object) => shared.db.humanRequest.updateMany({ where: { chatId }, data });

it("shows their decision to the person who decided", async () => {
  expect(await approve()).toEqual({
    request: expect.objectContaining({ state: "approved", decidedVia: "link", chatTitle: null }),
  });
});

it("tells a late person only that the request is decided, not by whom or how", async () => {
  await change({
    state: "denied",
    reason: "A matter of the chat.",
    editedInput: { amount: 1 },
    decidedBy: "bob",
    decidedVia: "card",
    decidedAt: new Date(),
  });
  expect(await approve()).toEqual({ closed: "decided" });
});

it.each([
  ["expired", () => change({ expiresAt: new Date(Date.now() - 1_000) })],
  ["not-found", () => shared.db.chat.update({ where: { id: chatId }, data: { deletedAt: new Date() } })],
] as const)("a request that is %s in the meantime is closed for the link, too", async (closed, happens) => {
  await happens();
  expect(await approve()).toEqual({ closed });
});

it("an old link, which names the call alone, decides that call while it is the only one of its id", async () => {
  const key = createHmac("sha256", "a secret of this test").update("holdfast answer link").digest();
  const claims = [chatId, toolCallId, Math.floor(Date.now() / 1000) + 3_600];
  const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
  token = `${body}.${createHmac("sha256", key).update(body).digest("base64url")}`;
  const first = await shared.db.humanRequest.findFirstOrThrow({ where: { chatId } });
  await shared.db.humanRequest.create({ data: { ...first, messageId: "m2" } as never });
  expect(await approve()).toEqual({ closed: "not-found" });
  await shared.db.humanRequest.deleteMany({ where: { chatId, messageId: "m2" } });
  expect(await approve()).toEqual({
    request: expect.objectContaining({ state: "approved", messageId: "m" }),
  });
});

it("what does not fit is said, and waits on", async () => {
  const editedInput = { orderId: "A-1", amount: -5, currency: "EUR" };
  expect(await answerByLink({ token, decision: { type: "approve", editedInput } })).toEqual({
    problem: expect.stringContaining("`amount`"),
    request: expect.objectContaining({ state: "pending" }),
  });
});
