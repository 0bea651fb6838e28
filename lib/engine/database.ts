import pg from "pg";
import type { Log } from "./log";

export type Database = pg.Pool;

/** Two keys of one advisory lock: "hold" "fast". Whoever holds it is the engine of this database. */
export const LOCK = [0x686f6c64, 0x66617374] as const;

const INT8 = 20;

/** bigint columns hold sequence numbers and milliseconds, both far below 2^53. */
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

export type DatabaseLock = { release(): Promise<void> };

/**
 * Numbers of a stream are handed out by one process. A second engine on the same database would break that, so each
 * holds a session-level lock as long as it lives; PostgreSQL frees it when the process dies, however it dies.
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

  async function acquire(patienceMs: number): Promise<pg.Client> {
    const candidate = new pg.Client({ connectionString: url, keepAlive: true });
    candidate.on("error", (error) => log("database lock connection failed", { error: error.message }));
    await candidate.connect().catch((error: unknown) => {
      const reason = (error as Error).message;
      throw new Error(`The database ${placeOf(url)} cannot be used (${reason}). Check DATABASE_URL.`, {
        cause: error,
      });
    });
    // An engine that was just killed is still being noticed by PostgreSQL: give that a moment.
    for (
      const deadline = Date.now() + patienceMs;
      ;
      await new Promise((resolve) => setTimeout(resolve, 200))
    ) {
      const answer = await candidate.query("select pg_try_advisory_lock($1, $2) as mine", [...LOCK]);
      if (answer.rows[0].mine) break;
      if (Date.now() < deadline) continue;
      await candidate.end();
      throw new Error(
        "Another engine already works on this database. Stop it, or give this one a database of its own with DATABASE_URL.",
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

/** The connection string without its user and password. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return "in DATABASE_URL";
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
