import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { exportDecisionsCsv, exportDecisionsJson } from "./export";
import { createChat } from "../tree/queries";

const shared = testDatabase();
const chat = { id: crypto.randomUUID(), title: "Refunds" };
const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 14, minute));

async function text(pieces: AsyncGenerator<string>) {
  let whole = "";
  for await (const piece of pieces) whole += piece;
  return whole;
}

/** Reads CSV as a spreadsheet does. */
function parseCsv(csv: string): string[][] {
  const cells = csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g);
  const lines: string[][] = [[]];
  for (const [, quoted, plain, end] of cells) {
    lines.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\r\n") lines.push([]);
  }
  return lines.slice(0, -1);
}

beforeAll(async () => {
  await createChat(shared.db, { id: chat.id, userId: "ada" });
  const base = { chatId: chat.id, messageId: "a1", tool: "refund", kind: "approval" };
  await shared.db.humanRequest.createMany({
    data: [
      {
        ...base,
        toolCallId: "edited",
        title: 'Refund "89", quickly\nplease',
        why: "It broke.",
        input: { amount: 89, currency: "EUR" },
        editedInput: { amount: 75, currency: "EUR" },
        state: "approved",
        decidedBy: "ada",
        decidedVia: "inbox",
        decidedAt: at(5),
        createdAt: at(1),
      },
      {
        ...base,
        toolCallId: "denied",
        title: '=HYPERLINK("http://evil.example")',
        input: { amount: 1 },
        state: "denied",
        reason: "@SUM(A1)",
        decidedBy: "somebody who is gone",
        decidedVia: "card",
        decidedAt: at(6),
        createdAt: at(2),
      },
      { ...base, toolCallId: "waits", title: "-1+1", input: {}, createdAt: at(3) },
    ],
  });
  await shared.db.checkpoint.createMany({
    data: ["partial", "final"].map((kind, index) => ({
      chatId: chat.id,
      messageId: "a1",
      number: index + 1,
      kind,
      message: { id: "a1", role: "assistant", parts: [{ type: "text", text: kind }] },
    })),
  });
  await shared.db.toolPermission.create({ data: { chatId: chat.id, tool: "sendEmail", grantedBy: "ada" } });
});

describe("the decisions of a chat", () => {
  it("leave as CSV: who, when, from where, what was proposed, what was approved and why", async () => {
    const csv = await text(exportDecisionsCsv(shared.db, chat));
    expect(csv.startsWith("\uFEFFAsked at,")).toBe(true);
    const [head, ...lines] = parseCsv(csv.slice(1));
    expect(lines.map((cells) => cells.length)).toEqual(lines.map(() => head!.length));
    const [edited, denied, waits] = lines.map((cells) =>
      Object.fromEntries(head!.map((title, index) => [title, cells[index]])),
    );
    expect(edited).toMatchObject({
      Title: 'Refund "89", quickly\nplease',
      State: "approved",
      "Decided by": "ada",
      "Decided at": "2026-11-21T14:05:00.000Z",
      "Decided from": "inbox",
      "Proposed arguments": '{"amount":89,"currency":"EUR"}',
      "Approved arguments": '{"amount":75,"currency":"EUR"}',
    });
    expect(denied).toMatchObject({ "Decided by": "somebody who is gone", "Approved arguments": "" });
    expect(waits).toMatchObject({ State: "pending", "Decided by": "", "Decided at": "" });
  });

  it("have no cell that a spreadsheet would run", async () => {
    const cells = parseCsv((await text(exportDecisionsCsv(shared.db, chat))).slice(1)).flat();
    expect(cells.filter((cell) => /^[=+\-@\t\r\n]/.test(cell))).toEqual([]);
    expect(cells).toEqual(
      expect.arrayContaining(['\'=HYPERLINK("http://evil.example")', "'@SUM(A1)", "'-1+1"]),
    );
  });

  it("leave as JSON, with every pause of the answer and what runs without asking", async () => {
    const document = JSON.parse(await text(exportDecisionsJson(shared.db, chat)));
    expect(document).toMatchObject({ format: "holdfast-decisions", version: 1, chat });
    expect(document.requests.map(({ toolCallId }: { toolCallId: string }) => toolCallId)).toEqual([
      "edited",
      "denied",
      "waits",
    ]);
    expect(document.requests[0]).toMatchObject({
      decidedBy: { id: "ada", name: "ada" },
      decidedVia: "inbox",
      proposedInput: { amount: 89 },
      approvedInput: { amount: 75 },
    });
    expect(document.requests[1]).toMatchObject({ decidedBy: { name: null }, approvedInput: null });
    expect(document.checkpoints).toMatchObject([
      { number: 1, kind: "partial" },
      { number: 2, kind: "final", message: { parts: [{ text: "final" }] } },
    ]);
    expect(document.allowedTools).toMatchObject([{ tool: "sendEmail", grantedBy: "ada" }]);
  });

  it("are all there, however many", async () => {
    const id = crypto.randomUUID();
    await createChat(shared.db, { id, userId: "ada" });
    const calls = Array.from({ length: 250 }, (_, index) => `call-${String(index).padStart(3, "0")}`);
    await shared.db.humanRequest.createMany({
      data: calls.map((toolCallId) => ({
        chatId: id,
        toolCallId,
        messageId: "a1",
        tool: "refund",
        kind: "approval",
        title: toolCallId,
        input: {},
        createdAt: at(1),
      })),
    });
    const lines = parseCsv(await text(exportDecisionsCsv(shared.db, { id, title: null })));
    expect(lines.slice(1).map((cells) => cells.at(-1))).toEqual(calls);
    const { requests } = JSON.parse(await text(exportDecisionsJson(shared.db, { id, title: null })));
    expect(requests).toHaveLength(250);
  });
});
