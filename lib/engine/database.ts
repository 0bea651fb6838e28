import pg from "pg";
import type { Log } from "./log";

export type Database = pg.Pool;

/** The two keys ("hold", "fast") of the advisory lock that makes a process the only engine of its database. */
export const LOCK = [0x686f6c64, 0x66617374] as const;

const INT8 = 20;

/** Parses bigint columns as numbers: they hold sequence numbers and milliseconds, both far below 2^53. */
const types = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    return oid === INT8
      ? Number
      : (pg.types.getTypeParser(oid, format ?? "text") as (value: string) => unknown);
  },
};

export function connect(url: string, log: Log): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: 16,
    types: types as pg.CustomTypesConfig,
    keepAlive: true,
  });
  pool.on("error", (error) => log("database connection lost", { error: error.message }));
  return pool;
}

type DatabaseLock = { release(): Promise<void> };

/**
 * Locks the database for this engine, because only one process may number the records of a stream. The session-level
 * lock lasts as long as the process: PostgreSQL frees it however the process dies.
 */
export async function lockDatabase(
  url: string,
  log: Log,
  onLost: (reason: string) => void,
): Promise<DatabaseLock> {
  let released = false;
  let client = await acquire(4_000);
  return {
    async release() {
      released = true;
      await client.end();
    },
  };

  async function acquire(timeoutMs: number): Promise<pg.Client> {
    const candidate = new pg.Client({ connectionString: url, keepAlive: true });
    candidate.on("error", (error) => log("database lock connection failed", { error: error.message }));
    await candidate.connect().catch((error: unknown) => {
      const reason = (error as Error).message;
      throw new Error(`The engine can't use the database ${placeOf(url)} (${reason}). Check DATABASE_URL.`, {
        cause: error,
      });
    });
    // PostgreSQL needs a moment to notice that an engine was killed.
    for (
      const deadline = Date.now() + timeoutMs;
      ;
      await new Promise((resolve) => setTimeout(resolve, 200))
    ) {
      const answer = await candidate.query("select pg_try_advisory_lock($1, $2) as acquired", [...LOCK]);
      if (answer.rows[0].acquired) break;
      if (Date.now() < deadline) continue;
      await candidate.end();
      throw new Error(
        "Another engine is already using this database. Stop it, or set DATABASE_URL to a different database.",
      );
    }
    candidate.once("end", () => void reacquire());
    return candidate;
  }

  async function reacquire(): Promise<void> {
    for (
      const deadline = Date.now() + 60_000;
      !released;
      await new Promise((resolve) => setTimeout(resolve, 500))
    ) {
      try {
        client = await acquire(1_000);
        if (released) await client.end();
        return;
      } catch (error) {
        const reason = (error as Error).message;
        if (reason.startsWith("Another engine") || Date.now() > deadline) return onLost(reason);
      }
    }
  }
}

/** Returns the host and database of the connection string, without its user and password. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return "in DATABASE_URL";
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
