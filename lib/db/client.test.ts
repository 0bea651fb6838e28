import { afterAll, beforeAll, expect, it } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { query } from "@/e2e/support/test-database";
import { deleteChat, markChatRead, setChatArchived, setChatPinned } from "@/lib/chat/chats/changes";
import { createChat } from "@/lib/chat/tree/queries";
import { createDb, type Db } from "./client";

const shared = testDatabase();
let far: Db;

/** A server whose zone is not UTC, as hosts set it up. */
beforeAll(async () => {
  const name = new URL(shared.url).pathname.slice(1);
  await query(shared.url, `ALTER DATABASE "${name}" SET TimeZone = 'Pacific/Auckland'`);
  far = createDb(shared.url);
});
afterAll(() => far.$disconnect());

it("writes UTC into every column, whatever the zone of the server", async () => {
  const [{ zone }] = await far.$queryRaw<[{ zone: string }]>`SELECT current_setting('TimeZone') AS zone`;
  expect(zone).toBe("UTC");
  const ids = Array.from({ length: 3 }, () => crypto.randomUUID());
  for (const id of ids) await createChat(far, { id, userId: "ada" });
  // By the database's own defaults, not Prisma's.
  await far.$executeRaw`INSERT INTO "User" (id, name, email, "updatedAt") VALUES ('zoe', 'Zoe', 'zoe@example.com', now())`;
  await setChatPinned(far, { chatId: ids[0]!, userId: "ada" }, true);
  await setChatArchived(far, { chatId: ids[1]!, userId: "ada" }, true);
  await markChatRead(far, { chatId: ids[0]!, userId: "ada" });
  await deleteChat(far, { chatId: ids[2]!, userId: "ada" });
  const columns = await far.$queryRaw<{ table: string; column: string }[]>`
    SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type LIKE 'timestamp%' AND table_name NOT LIKE '\\_%'`;
  expect(columns.length).toBeGreaterThan(15);
  let seen = 0;
  for (const { table, column } of columns) {
    // As text: what stands there, without anybody's idea of a zone.
    const rows = await far.$queryRawUnsafe<{ value: string }[]>(
      `SELECT "${column}"::text AS value FROM "${table}" WHERE "${column}" IS NOT NULL`,
    );
    for (const { value } of rows) {
      seen += 1;
      const distance = Math.abs(Date.parse(`${value.replace(" ", "T").replace(/\+00$/, "")}Z`) - Date.now());
      expect(distance, `${table}.${column} is ${value}`).toBeLessThan(10 * 60_000);
    }
  }
  expect(seen).toBeGreaterThan(8);
});
