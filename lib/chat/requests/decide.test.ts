/** What a decision does to the row, and what it does not. */
import { beforeEach, describe, expect, it } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { checkInput, checkOutput } from "@/lib/agent/approval-policy";
import { decideRequest, type DecideOptions } from "./decide";
import { listPermissions } from "./permissions";
import { expireRequests } from "./settle";
import { createChat } from "../tree/queries";
import { listChatRequests } from "./views";

const shared = testDatabase();
const toolCallId = "call_1";
let chatId: string;

beforeEach(async () => {
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
});

const refund = { tool: "refund", kind: "approval", input: { orderId: "A-1", amount: 20, currency: "EUR" } };
const asked = (row: { tool: string; kind: string; input: object; phrase?: string; expiresAt?: Date }) =>
  shared.db.humanRequest.create({ data: { chatId, toolCallId, messageId: "m", title: "?", ...row } });
const decide = (options: Partial<DecideOptions> & Pick<DecideOptions, "decision">) =>
  decideRequest(shared.db, {
    chatId,
    messageId: "m",
    toolCallId,
    userId: "ada",
    via: "card",
    checkInput,
    checkOutput,
    ...options,
  });
const request = async () => (await listChatRequests(shared.db, chatId))[0];

describe("a decision", () => {
  it("that the clock overtook is not taken, and allows nothing", async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    await asked({ ...refund, expiresAt });
    // Between the reading of the row and its change.
    const mayDecide = async () => {
      await expireRequests(shared.db, new Date(expiresAt.getTime() + 1));
      return true;
    };
    await expect(decide({ mayDecide, decision: { type: "approve", remember: true } })).rejects.toThrow(
      "This request expired before you decided.",
    );
    expect(await request()).toMatchObject({ state: "expired", decidedVia: "timeout", decidedBy: null });
    expect(await listPermissions(shared.db, chatId)).toEqual([]);
  });

  it("that confirms by a phrase takes no other arguments than those the phrase was for", async () => {
    const input = { collection: "orders", ids: ["O-1"] };
    const phrase = "delete orders";
    await asked({ tool: "deleteRecords", kind: "confirm", input, phrase });
    const editedInput = { collection: "customers", ids: ["C-1"] };
    await expect(decide({ decision: { type: "approve", phrase, editedInput } })).rejects.toThrow(
      /^`editedInput`: .*can only run as proposed/,
    );
    expect(await request()).toMatchObject({ state: "pending", editedInput: null });
    await decide({ decision: { type: "approve", phrase } });
    expect(await request()).toMatchObject({ state: "approved", editedInput: null });
  });
});
