/** Everything that was asked in a chat and what became of it, as a file: CSV for people, JSON for programs. */
import { readStored, type StoredMessage } from "../message-versions";
import type { DbClient } from "@/lib/db/client";
import type { Chat, HumanRequest } from "@/prisma/generated/client";

export type DecisionsFormat = "csv" | "json";

type ExportedChat = Pick<Chat, "id" | "title">;
type Person = { id: string; name: string | null };
type Asked = Omit<HumanRequest, "decidedBy"> & { decidedBy: Person | null };

const ROWS_PER_READ = 100;

const columns: Array<[title: string, cell: (request: Asked) => string | Date | null]> = [
  ["Asked at", ({ createdAt }) => createdAt],
  ["Kind", ({ kind }) => kind],
  ["Tool", ({ tool }) => tool],
  ["Title", ({ title }) => title],
  ["Why", ({ why }) => why],
  ["State", ({ state }) => state],
  ["Decided by", ({ decidedBy }) => decidedBy && (decidedBy.name ?? decidedBy.id)],
  ["Decided at", ({ decidedAt }) => decidedAt],
  ["Decided from", ({ decidedVia }) => decidedVia],
  ["Reason", ({ reason }) => reason],
  ["Proposed arguments", ({ input }) => toJson(input)],
  ["Approved arguments", (request) => toJson(approvedInput(request))],
  ["Answer", ({ output }) => toJson(output)],
  ["Expires at", ({ expiresAt }) => expiresAt],
  ["Message", ({ messageId }) => messageId],
  ["Call", ({ toolCallId }) => toolCallId],
];

/** RFC 4180, a line per request, the oldest first. Begins with a byte order mark, or spreadsheets misread the names. */
export async function* exportDecisionsCsv(db: DbClient, chat: ExportedChat): AsyncGenerator<string> {
  yield `\uFEFF${line(columns.map(([title]) => title))}`;
  for await (const request of readRequests(db, chat.id)) {
    yield line(columns.map(([, cell]) => toText(cell(request))));
  }
}

/** The same, with every checkpoint of the answers that asked and whatever runs without asking. */
export async function* exportDecisionsJson(db: DbClient, chat: ExportedChat): AsyncGenerator<string> {
  const { id, title } = chat;
  const allowedTools = await db.toolPermission.findMany({
    where: { chatId: id },
    orderBy: { grantedAt: "asc" },
    select: { tool: true, grantedBy: true, grantedAt: true },
  });
  const head = JSON.stringify({
    format: "holdfast-decisions",
    version: 1,
    chat: { id, title },
    allowedTools,
  });
  yield `${head.slice(0, -1)},"requests":[`;
  yield* listed(readRequests(db, id), (request) => ({
    kind: request.kind,
    tool: request.tool,
    title: request.title,
    why: request.why,
    state: request.state,
    proposedInput: request.input,
    approvedInput: approvedInput(request),
    output: request.output,
    reason: request.reason,
    decidedBy: request.decidedBy,
    decidedAt: request.decidedAt,
    decidedVia: request.decidedVia,
    createdAt: request.createdAt,
    expiresAt: request.expiresAt,
    messageId: request.messageId,
    toolCallId: request.toolCallId,
  }));
  yield '\n],"checkpoints":[';
  yield* listed(readCheckpoints(db, id), ({ messageId, number, kind, createdAt, message }) => ({
    messageId,
    number,
    kind,
    createdAt,
    message: readStored(message as unknown as StoredMessage),
  }));
  yield "\n]}\n";
}

/** What ran, or was allowed to. */
function approvedInput({ state, input, editedInput }: Asked): unknown {
  return state === "approved" || state === "unknown-outcome" ? (editedInput ?? input) : null;
}

async function* readRequests(db: DbClient, chatId: string): AsyncGenerator<Asked> {
  const people = new Map<string, string | null>();
  let last: HumanRequest | undefined;
  for (;;) {
    const rows: HumanRequest[] = await db.humanRequest.findMany({
      where: { chatId },
      orderBy: [{ createdAt: "asc" }, { messageId: "asc" }, { toolCallId: "asc" }],
      take: ROWS_PER_READ,
      ...(last && { skip: 1, cursor: { chatId_messageId_toolCallId: cursorOf(last) } }),
    });
    const unknown = rows.flatMap(({ decidedBy }) => (decidedBy && !people.has(decidedBy) ? [decidedBy] : []));
    if (unknown.length > 0) {
      for (const id of unknown) people.set(id, null);
      const users = await db.user.findMany({
        where: { id: { in: unknown } },
        select: { id: true, name: true },
      });
      for (const { id, name } of users) people.set(id, name);
    }
    for (const { decidedBy, ...row } of rows)
      yield { ...row, decidedBy: decidedBy ? { id: decidedBy, name: people.get(decidedBy) ?? null } : null };
    last = rows.at(-1);
    if (rows.length < ROWS_PER_READ) return;
  }
}

function cursorOf({ chatId, messageId, toolCallId }: HumanRequest) {
  return { chatId, messageId, toolCallId };
}

async function* readCheckpoints(db: DbClient, chatId: string) {
  let last: { messageId: string; number: number } | undefined;
  for (;;) {
    const rows: Awaited<ReturnType<typeof db.checkpoint.findMany>> = await db.checkpoint.findMany({
      where: { chatId },
      orderBy: [{ messageId: "asc" }, { number: "asc" }],
      take: ROWS_PER_READ,
      ...(last && { skip: 1, cursor: { chatId_messageId_number: { chatId, ...last } } }),
    });
    yield* rows;
    const end = rows.at(-1);
    last = end && { messageId: end.messageId, number: end.number };
    if (rows.length < ROWS_PER_READ) return;
  }
}

async function* listed<Row>(rows: AsyncGenerator<Row>, shape: (row: Row) => unknown): AsyncGenerator<string> {
  let isFirst = true;
  for await (const row of rows) {
    yield `${isFirst ? "" : ","}\n${JSON.stringify(shape(row))}`;
    isFirst = false;
  }
}

function line(cells: string[]): string {
  return `${cells.map(quoted).join(",")}\r\n`;
}

/** A cell that begins like a formula would be run by the spreadsheet that opens it. */
function quoted(text: string): string {
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function toText(value: string | Date | null): string {
  return value instanceof Date ? value.toISOString() : (value ?? "");
}

function toJson(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
