/**
 * The one Prisma client of a process, for Next and for the worker alike (so no `server-only` here). Importing this
 * connects to nothing: the address is read when the first query needs it, because a build has no `DATABASE_URL` and
 * a pre-warmed worker gets its environment only with its first run.
 */
import { PrismaPg } from "@prisma/adapter-pg";
import type pg from "pg";
import { PrismaClient } from "@/prisma/generated/client";
import { env } from "@/lib/env";

export type Db = PrismaClient;

/** The client, or a transaction of it. */
export type DbClient = Omit<PrismaClient, "$connect" | "$disconnect" | "$on" | "$transaction" | "$extends">;

const shared = globalThis as { holdfastDb?: PrismaClient };

// On `globalThis`, because Next's dev server loads this module again after every change.
export const db: PrismaClient = (shared.holdfastDb ??= createDb());

/** A client with its own pool. Tests pass an address; all other code uses `db`. */
export function createDb(connectionString?: string): PrismaClient {
  return new PrismaClient({
    adapter: {
      provider: "postgres",
      adapterName: "@prisma/adapter-pg",
      connect: () => postgres(connectionString ?? databaseUrl()).connect(),
    },
  });
}

function postgres(connectionString: string) {
  const pool = {
    connectionString,
    onConnect: async (client: pg.ClientBase) => {
      // There is a moment with neither the pool's listener nor Prisma's; an error then would end the process.
      client.on("error", () => {});
      // Columns have no time zone and hold UTC, but now() uses the connection's zone. As a statement, because poolers
      // refuse it as a startup parameter.
      await client.query("SET TIME ZONE 'UTC'");
    },
    max: env.DATABASE_POOL_SIZE,
    // By default the driver waits forever, which would hide a database that is down.
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: "holdfast",
  };
  // A PostgreSQL restart closes connections. The query that is affected fails, and `withRetry` repeats it where that
  // matters; without a listener the event itself would end the process.
  const survive = (error: Error) => console.warn(`PostgreSQL connection lost: ${error.message}`);
  return new PrismaPg(pool, { onPoolError: survive, onConnectionError: survive });
}

function databaseUrl(): string {
  const url = env.DATABASE_URL;
  if (!url) {
    throw new Error(
      "DATABASE_URL is not set. `npm run dev` and `npm start` set it to the embedded PostgreSQL; elsewhere set it to yours.",
    );
  }
  return url;
}
