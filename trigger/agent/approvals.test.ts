/** The policy of every tool, against a real database: what runs, what asks, and what is refused. */
import type { ModelMessage } from "ai";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { appDatabase, save } from "@/e2e/support/chat-fixtures";
import { decideRequest } from "@/lib/chat/requests/decide";
import { revokePermission } from "@/lib/chat/requests/permissions";
import { createChat } from "@/lib/chat/tree/queries";
import { prismaStorage } from "@/lib/chat/tree/storage";
import { approvals, approvalSecret } from "./approvals";
import {
  checkInput,
  checkOutput,
  describeCall,
  MAX_REQUESTS_PER_TURN,
  type Need,
} from "@/lib/agent/approval-policy";

// The policies that no demo tool has.
vi.mock(import("@/lib/agent/approval-policy"), async (original) => {
  const real = await original();
  const needs = new Map<string, Need<unknown>>([
    ["once", "once"],
    ["never", "never"],
  ]);
  return {
    ...real,
    policyOf: (tool: string) => {
      const needed = needs.get(tool);
      return needed ? { kind: "approval", needed, title: () => `Run ${tool}` } : real.policyOf(tool);
    },
  };
});

const shared = appDatabase();
const refund = (amount: number) => ({ orderId: "A-1", amount, currency: "EUR" });
const question: ModelMessage = { role: "user", content: "Do it." };
let chatId: string;
let calls = 0;

beforeEach(async () => {
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
});

/** What becomes of one more call of this answer. */
function ask(
  policy: ReturnType<typeof approvals>,
  toolName: string,
  input: unknown = {},
  { id = `call_${++calls}`, messages = [question] as ModelMessage[] } = {},
) {
  return policy({ toolCall: { toolCallId: id, toolName, input }, messages });
}

/** An assistant's message that made these calls already. */
const called = (tool: string, ...ids: string[]): ModelMessage => ({
  role: "assistant",
  content: ids.map((toolCallId) => ({ type: "tool-call", toolCallId, toolName: tool, input: {} })),
});

/** Asks for a refund, and decides it as its owner does. */
async function decide(tool: string, always: boolean): Promise<void> {
  const id = `call_${++calls}`;
  const part = {
    type: `tool-${tool}`,
    toolCallId: id,
    state: "approval-requested",
    input: refund(20),
    approval: { id: "x" },
  };
  const storage = prismaStorage(shared.db, {
    describe: () => ({ kind: "approval", title: `Run ${tool}` }),
  });
  await save(storage, chatId, [
    { op: "put", message: { id: `m_${id}`, role: "assistant", parts: [part] } as never },
  ]);
  await decideRequest(shared.db, {
    chatId,
    messageId: `m_${id}`,
    toolCallId: id,
    userId: "ada",
    decision: { type: "approve", remember: always },
    via: "card",
    checkInput,
    checkOutput,
  });
}

describe("the policy of a tool", () => {
  it("is by what it is called with", async () => {
    const policy = approvals(chatId);
    expect(await ask(policy, "refund", refund(5))).toBe("not-applicable");
    expect(await ask(policy, "refund", refund(5.01))).toBe("user-approval");
  });

  it("is always, never, or nothing at all for a tool without a rule", async () => {
    const policy = approvals(chatId);
    expect(await ask(policy, "sendEmail")).toBe("user-approval");
    expect(await ask(policy, "never")).toBe("not-applicable");
    expect(await ask(policy, "weather", { city: "Oslo" })).toBe("not-applicable");
    expect(await ask(policy, "constructor")).toBe("not-applicable");
  });

  it("is once: the first approval holds for the rest of this chat, and for no other", async () => {
    expect(await ask(approvals(chatId), "once")).toBe("user-approval");
    await decide("once", false);
    expect(await ask(approvals(chatId), "once")).toEqual({
      type: "approved",
      reason: "Approved once in this chat.",
    });
    const other = crypto.randomUUID();
    await createChat(shared.db, { id: other, userId: "ada" });
    expect(await ask(approvals(other), "once")).toBe("user-approval");
  });

  it("holds after one approval of a tool that always asks", async () => {
    await decide("refund", false);
    expect(await ask(approvals(chatId), "refund", refund(20))).toBe("user-approval");
  });

  it("gives way to what a person allowed for the chat, until it is revoked", async () => {
    await decide("refund", true);
    expect(await ask(approvals(chatId), "refund", refund(900))).toEqual({
      type: "approved",
      reason: "Always allowed in this chat.",
    });
    expect(await ask(approvals(chatId), "sendEmail")).toBe("user-approval");
    await revokePermission(shared.db, chatId, "refund");
    expect(await ask(approvals(chatId), "refund", refund(900))).toBe("user-approval");
  });

  it("asks each time for what cannot be taken back, whatever is allowed", async () => {
    await shared.db.toolPermission.create({ data: { chatId, tool: "deleteRecords", grantedBy: "ada" } });
    expect(await ask(approvals(chatId), "deleteRecords")).toBe("user-approval");
  });
});

describe("one answer", () => {
  it(`asks for ${MAX_REQUESTS_PER_TURN} things, and a question counts like an approval`, async () => {
    const policy = approvals(chatId);
    expect(await ask(policy, "askQuestion")).toBe("not-applicable");
    for (let asked = 1; asked < MAX_REQUESTS_PER_TURN; asked++)
      expect(await ask(policy, "sendEmail")).toBe("user-approval");
    expect(await ask(policy, "sendEmail")).toMatchObject({ type: "denied", reason: /At most 8 requests/ });
    expect(await ask(policy, "askQuestion")).toMatchObject({ type: "denied" });
    // What needs nobody still runs.
    expect(await ask(policy, "refund", refund(1))).toBe("not-applicable");
  });

  it("counts what it asked before it went on after a decision", async () => {
    const ids = Array.from({ length: MAX_REQUESTS_PER_TURN }, (_, number) => `earlier_${number}`);
    const messages = [question, called("sendEmail", ...ids)];
    expect(await ask(approvals(chatId), "sendEmail", {}, { messages })).toMatchObject({ type: "denied" });
    // Of these it is one that was approved, and is looked at again before it runs.
    expect(await ask(approvals(chatId), "sendEmail", {}, { id: "earlier_0", messages })).toBe(
      "user-approval",
    );
  });

  it("does not count what an answer before it asked", async () => {
    const ids = Array.from({ length: MAX_REQUESTS_PER_TURN }, (_, number) => `before_${number}`);
    const messages = [question, called("sendEmail", ...ids), question];
    expect(await ask(approvals(chatId), "sendEmail", {}, { messages })).toBe("user-approval");
  });
});

describe("approvalSecret", () => {
  it("is the engine's key, unless it has one of its own", () => {
    vi.stubEnv("TRIGGER_SECRET_KEY", "tr_1");
    vi.stubEnv("APPROVAL_SECRET", undefined);
    expect(approvalSecret()).toBe("tr_1");
    vi.stubEnv("APPROVAL_SECRET", "own");
    expect(approvalSecret()).toBe("own");
  });
});

describe("what a call asks of a person", () => {
  it("is nothing for a call that does not fit its tool, or a tool with another object's name", () => {
    expect(describeCall("refund", { amount: "much" })).toBeUndefined();
    expect(describeCall("constructor", {})).toBeUndefined();
    expect(describeCall("deleteRecords", { collection: "orders", olderThan: "2024-01-01" })).toMatchObject({
      kind: "confirm",
      phrase: "delete orders",
    });
  });
});
