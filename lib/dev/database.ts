/** Prepares the app's database: the user's own or the embedded PostgreSQL, with every migration applied. */
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { migrate } from "../../prisma/migrate";
import { startPostgres, type Postgres } from "@/lib/db/embedded-postgres";
import { Problem } from "./problem";
import type { Reaper } from "./reaper";

const connectTimeoutMs = 5000;
const startupTimeoutMs = 20_000;

export async function launchPostgres(options: {
  dataDir: string;
  port?: number;
  reaper: Reaper;
  onLine: (line: string) => void;
}): Promise<Postgres> {
  const dir = path.join(options.dataDir, "postgres");
  options.reaper.addCluster(dir);
  try {
    const postgres = await startPostgres({ dir, port: options.port, log: options.onLine });
    return {
      ...postgres,
      async stop() {
        await postgres.stop();
        options.reaper.removeCluster(dir);
      },
    };
  } catch (error) {
    options.reaper.removeCluster(dir);
    throw new Problem((error as Error).message, { cause: error });
  }
}

/** Resolves when the user's database answers. Throws a `Problem` that says why it does not. */
export async function checkDatabase(url: string) {
  const deadline = Date.now() + startupTimeoutMs;
  for (;;) {
    try {
      return await connectOnce(url);
    } catch (error) {
      const isStarting = (error as { code?: string }).code === "57P03" && Date.now() < deadline;
      if (!isStarting) throw new Problem(describeDatabaseError(error, url), { cause: error });
      await delay(500);
    }
  }
}

export async function applyMigrations(url: string) {
  try {
    return await migrate(url);
  } catch (error) {
    const reason = (error as Error).message.replaceAll(/\s*\n\s*/g, " ").trim();
    throw new Problem(`The database migrations failed, so nothing was started: ${reason}`, {
      cause: error,
    });
  }
}

async function connectOnce(url: string) {
  if (!/^postgres(ql)?:\/\//.test(url)) throw new TypeError("no PostgreSQL address");
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT 1");
  } finally {
    // A server that does not answer never confirms the end, so the wait is limited.
    await Promise.race([client.end().catch(() => {}), delay(500, undefined, { ref: false })]);
  }
}

/** Explains a connection error with the host, user and database, never the password. */
export function describeDatabaseError(error: unknown, url: string) {
  const unset = "or unset DATABASE_URL to use the embedded PostgreSQL";
  if (error instanceof TypeError || error instanceof URIError) {
    return `DATABASE_URL is not a PostgreSQL address. Write it as postgresql://user:password@host:5432/database, ${unset}.`;
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const where = parsed?.host || "that address";
  const user = decodeURIComponent(parsed?.username ?? "");
  const database = decodeURIComponent(parsed?.pathname.slice(1) ?? "");
  const { code = "", message } = error as { code?: string; message: string };
  switch (code) {
    case "ECONNREFUSED":
      return `No PostgreSQL server answers at ${where} (DATABASE_URL). Start it, correct the address, ${unset}.`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `The host in DATABASE_URL, ${parsed?.hostname}, can't be found. Correct it, ${unset}.`;
    case "28P01":
    case "28000":
      return `PostgreSQL at ${where} rejected the user "${user}" or the password. Correct DATABASE_URL, ${unset}.`;
    case "3D000":
      return `PostgreSQL at ${where} has no database "${database}". Create it (createdb ${database}), correct DATABASE_URL, ${unset}.`;
    case "53300":
      return `PostgreSQL at ${where} has no free connection. Close some clients, or raise max_connections.`;
    default:
      return `PostgreSQL at ${where} (DATABASE_URL) refused the connection: ${message.replace(/\.$/, "")}. Correct DATABASE_URL, ${unset}.`;
  }
}
