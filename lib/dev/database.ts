/** The database that the app will use: the user's own, or the embedded PostgreSQL, with every migration applied. */
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { migrate } from "../../prisma/migrate";
import { startPostgres, type Postgres } from "@/lib/db/embedded-postgres";
import { Problem } from "./problem";
import type { Reaper } from "./reaper";

const connectTimeoutMs = 5000;
const wakingPatienceMs = 20_000;

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

/** Resolves when the user's database answers; otherwise says in one sentence why not. */
export async function checkDatabase(url: string) {
  const deadline = Date.now() + wakingPatienceMs;
  for (;;) {
    try {
      return await connectOnce(url);
    } catch (error) {
      const isWaking = (error as { code?: string }).code === "57P03" && Date.now() < deadline;
      if (!isWaking) throw new Problem(explain(error, url), { cause: error });
      await delay(500);
    }
  }
}

export async function applyMigrations(url: string) {
  try {
    return await migrate(url);
  } catch (error) {
    const reason = (error as Error).message.replaceAll(/\s*\n\s*/g, " ").trim();
    throw new Problem(`The migrations could not be applied, and nothing was started on top: ${reason}`, {
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
    // A server that does not answer does not answer this either.
    await Promise.race([client.end().catch(() => {}), delay(500, undefined, { ref: false })]);
  }
}

/** Names host, user and database, never the password. */
export function explain(error: unknown, url: string) {
  const unset = "or unset DATABASE_URL to use the embedded PostgreSQL";
  if (error instanceof TypeError || error instanceof URIError) {
    return `DATABASE_URL is not a PostgreSQL address: write it as postgresql://user:password@host:5432/database, ${unset}.`;
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const where = parsed?.host || "that address";
  const user = decodeURIComponent(parsed?.username ?? "");
  const database = decodeURIComponent(parsed?.pathname.slice(1) ?? "");
  const { code = "", message } = error as { code?: string; message: string };
  switch (code) {
    case "ECONNREFUSED":
      return `No PostgreSQL listens at ${where} (DATABASE_URL): start it, correct the address, ${unset}.`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `The host of DATABASE_URL, ${parsed?.hostname}, is not known here: correct it, ${unset}.`;
    case "28P01":
    case "28000":
      return `PostgreSQL at ${where} refuses user "${user}" with that password: correct DATABASE_URL, ${unset}.`;
    case "3D000":
      return `PostgreSQL at ${where} has no database "${database}": create it (createdb ${database}), correct DATABASE_URL, ${unset}.`;
    case "53300":
      return `PostgreSQL at ${where} has no free connection: close some clients, or raise max_connections.`;
    default:
      return `DATABASE_URL cannot be used, ${where} says: ${message.replace(/\.$/, "")}. Correct it, ${unset}.`;
  }
}
