import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { startPostgres } from "@/lib/db/embedded-postgres";
import { migrate } from "@/prisma/migrate";
import { MIGRATED_TEMPLATE, query, withDatabase } from "./test-database";

declare module "vitest" {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

type TestPostgres = { url: string; stop(): Promise<void> };

/** Each project of Vitest loads this file for itself, so what they share is on `globalThis`. */
const shared = globalThis as { testPostgres?: { started: Promise<TestPostgres>; users: number } };

/** One real PostgreSQL for the whole test run, thrown away at its end. */
export default async function setup(project: TestProject) {
  const server = (shared.testPostgres ??= { started: start(), users: 0 });
  server.users += 1;
  const postgres = await server.started;
  project.provide("postgresUrl", postgres.url);
  return async () => {
    server.users -= 1;
    if (server.users > 0) return;
    delete shared.testPostgres;
    await postgres.stop();
  };
}

async function start(): Promise<TestPostgres> {
  const folder = await mkdtemp(path.join(tmpdir(), "holdfast-test-"));
  const postgres = await startPostgres({
    dir: path.join(folder, "postgres"),
    settings: ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"],
  });
  await query(postgres.url, `CREATE DATABASE ${MIGRATED_TEMPLATE}`);
  await migrate(withDatabase(postgres.url, MIGRATED_TEMPLATE));
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
