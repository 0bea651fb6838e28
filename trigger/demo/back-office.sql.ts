/** The statement of the demo's mail service. */
import { query, sql, text } from "@/lib/db/statement";

/**
 * A repeated key returns the first entry. Plain SQL, because with two calls at once Prisma's `upsert` would fail one of
 * them.
 */
export const addMail = query(
  { id: text() },
  (id: string, mail: unknown, idempotencyKey: string) => sql`
    INSERT INTO "DemoEntry" (id, kind, data, "idempotencyKey")
    VALUES (${id}, 'mail', ${JSON.stringify(mail)}::jsonb, ${idempotencyKey})
    ON CONFLICT ("idempotencyKey") DO UPDATE SET kind = excluded.kind RETURNING id`,
  ["an-entry", {}, "a-key"],
);
