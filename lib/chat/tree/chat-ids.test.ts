import { readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freshDatabase } from "@/e2e/support/database";

const folder = "prisma/migrations/20261127151000_chat_ids_of_our_own";
const migration = path.resolve(import.meta.dirname, "../../..", folder, "migration.sql");
const taken = "session_0123456789abcdef01234567";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let client: pg.Client;
beforeAll(async () => {
  database = await freshDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

it("chats that bear a name of the engine's go on under another id, with all that is theirs", async () => {
  const run = async (sql: string) => (await client.query(sql)).rows;
  await run(`ALTER TABLE "Chat" DROP CONSTRAINT "Chat_id_is_no_session"`);
  await run(`INSERT INTO "User" (id, name, email) VALUES ('eve', 'Eve', 'eve@example.com')`);
  await run(`INSERT INTO "Chat" (id, "userId", "headId", title)
    VALUES ('${taken}', 'eve', 'b', 'mine'), ('sessions-of-ada', 'eve', NULL, 'other')`);
  await run(`INSERT INTO "Message" ("chatId", id, "messageId", "parentId", role, message, "order")
    VALUES ('${taken}', 'a', 'a', NULL, 'user', '{}', 0), ('${taken}', 'b', 'b', 'a', 'assistant', '{}', 1)`);
  await run(`INSERT INTO "ToolPermission" ("chatId", tool, "grantedBy") VALUES ('${taken}', 'pay', 'eve')`);

  await run(await readFile(migration, "utf8"));

  const chats = await run(`SELECT id, title, "headId" FROM "Chat" ORDER BY title`);
  expect(chats).toEqual([
    { id: expect.stringMatching(/^[0-9a-f-]{36}$/), title: "mine", headId: "b" },
    { id: "sessions-of-ada", title: "other", headId: null },
  ]);
  const { id } = chats[0]!;
  expect(await run(`SELECT "chatId", id, "parentId" FROM "Message" ORDER BY "order"`)).toEqual([
    { chatId: id, id: "a", parentId: null },
    { chatId: id, id: "b", parentId: "a" },
  ]);
  expect(await run(`SELECT "chatId" FROM "ToolPermission"`)).toEqual([{ chatId: id }]);
  await expect(run(`INSERT INTO "Chat" (id, "userId") VALUES ('${taken}', 'eve')`)).rejects.toThrow(
    "Chat_id_is_no_session",
  );
});
