/** What a database of the version before has, and what a migration makes of it. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { freshDatabase } from "../support/database";
import { projectDir } from "../support/processes";

const folder = path.join(projectDir, "prisma/migrations");
let database: Awaited<ReturnType<typeof freshDatabase>>;
let client: pg.Client;

beforeEach(async () => {
  database = await freshDatabase({ migrated: false });
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

/** Applies the migrations from one name on (included) up to another (not included). */
async function migrate({ from = "", to = "~" }: { from?: string; to?: string }): Promise<void> {
  const all = (await readdir(folder)).filter((name) => /^\d/.test(name)).toSorted();
  const nameOf = (part: string) => all.find((name) => name.endsWith(part)) ?? part;
  for (const name of all)
    if (name >= nameOf(from) && name < nameOf(to))
      await client.query(await readFile(path.join(folder, name, "migration.sql"), "utf8"));
}

const request = (toolCallId: string, more: Record<string, unknown> = {}) =>
  insert("HumanRequest", {
    chatId: "c",
    messageId: "n2",
    toolCallId,
    tool: "refund",
    kind: "approval",
    title: "?",
    input: "{}",
    ...more,
  });
const effect = (key: string, toolCallId: string) =>
  insert("Effect", {
    key,
    chatId: "c",
    messageId: "q",
    tool: "refund",
    toolCallId,
    input: "{}",
    state: "unknown",
    holder: "h",
    leaseUntil: new Date(),
  });
const message = (id: string, messageId: string, order: number, parts: object[]) =>
  insert("Message", {
    chatId: "c",
    id,
    messageId,
    role: order === 0 ? "user" : "assistant",
    order,
    message: JSON.stringify({ id: messageId, role: "assistant", parts }),
  });

async function insert(table: string, row: Record<string, unknown>): Promise<void> {
  const names = Object.keys(row);
  const columns = names.map((name) => `"${name}"`).join();
  const values = names.map((_, index) => `$${index + 1}`).join();
  await client.query(`INSERT INTO "${table}" (${columns}) VALUES (${values})`, Object.values(row));
}

async function owner(): Promise<void> {
  await insert("User", { id: "ada", name: "Ada", email: "ada@example.com" });
  await insert("Chat", { id: "c", userId: "ada" });
}

it("requests and records of effects find the message that their call is of", async () => {
  await migrate({ to: "calls_by_message" });
  await owner();
  await message("n2", "m", 1, []);
  await request("call_1");
  await effect("e", "call_1");
  await migrate({ from: "calls_by_message" });
  const rows = async (sql: string) => (await client.query<object>(sql)).rows;
  expect(await rows(`SELECT "messageId", "toolCallId" FROM "HumanRequest"`)).toEqual([
    { messageId: "m", toolCallId: "call_1" },
  ]);
  expect(await rows(`SELECT "answerId", "toolCallId", "wasUnknown" FROM "Effect"`)).toEqual([
    { answerId: "m", toolCallId: "call_1", wasUnknown: true },
  ]);
});

it("outputs that are ours are marked, and what a tool returned is not", async () => {
  await migrate({ to: "marked_outputs" });
  await owner();
  await request("edited", { messageId: "m", editedInput: "{}" });
  await effect("e", "unknown");
  const asked = { state: "waiting", asked: { toolCallId: "x", tool: "askQuestion", input: {} } };
  const edited = { approvedInput: {}, result: {} };
  const part = (type: string, toolCallId: string, output: unknown) => ({ type, toolCallId, output });
  await message("m", "m", 1, [
    { type: "text", text: "asked" },
    part("tool-delegate", "delegate", asked),
    part("tool-given", "forged", asked),
    part("tool-refund", "unknown", { outcome: "unknown", effect: "e" }),
    part("tool-given", "forged", { outcome: "unknown", effect: "made up" }),
    part("tool-refund", "edited", edited),
    part("tool-given", "forged", edited),
    part("tool-askQuestion", "skipped", { skipped: true }),
    part("tool-given", "forged", { skipped: true }),
    part("tool-given", "forged", "skipped"),
  ]);
  await migrate({ from: "marked_outputs" });
  const { rows } = await client.query<{ id: string | null; mark: string | null }>(`
    SELECT part ->> 'toolCallId' AS id, part #>> '{output,$holdfast}' AS mark
    FROM "Message", jsonb_array_elements(message -> 'parts') part`);
  expect(rows.map(({ id, mark }) => [id, mark])).toEqual([
    [null, null],
    ["delegate", "sub-agent"],
    ["forged", null],
    ["unknown", "unknown-outcome"],
    ["forged", null],
    ["edited", "edited"],
    ["forged", null],
    ["skipped", "unanswered"],
    ["forged", null],
    ["forged", null],
  ]);
});
