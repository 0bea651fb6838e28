import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { MIGRATED_TEMPLATE, query, withDatabase } from "./test-database";

/** Creates a database for one test file alone. `migrated` (default) copies the app's tables into it. */
export async function freshDatabase(options: { migrated?: boolean } = {}) {
  const adminUrl = inject("postgresUrl");
  const name = `test_${randomBytes(8).toString("hex")}`;
  const template = (options.migrated ?? true) ? MIGRATED_TEMPLATE : "template0";
  await query(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    url: withDatabase(adminUrl, name),
    drop: () => query(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}
