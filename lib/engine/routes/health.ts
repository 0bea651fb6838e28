import { z } from "zod";
import type { Database } from "../database";
import type { Attempts } from "../runs/attempts";
import type { WorkerHost } from "../worker/worker-host";
import { json, type Reply } from "../http/reply";
import { type Route, route } from "../http/route";

type Options = {
  database: Database;
  attempts: Attempts;
  host: WorkerHost;
  load: () => { connections: number; bufferedBytes: number };
};

const DATABASE_TIMEOUT_MS = 2_000;

/** The health page holds no ids and no content, because anyone who reaches the port can read it. */
export function healthRoute({ database, attempts, host, load }: Options): Route {
  return route("GET /healthz", { params: z.object({}), access: "open" }, health);

  async function health(): Promise<Reply> {
    const counts = { QUEUED: 0, EXECUTING: 0, WAITING: 0 };
    for (const { status } of attempts.all()) counts[status]++;
    const databaseMs = await responseTime(database);
    const ok = databaseMs !== null;
    return json(ok ? 200 : 503, {
      ok,
      pid: process.pid,
      version: host.version(),
      uptimeSeconds: Math.round(process.uptime()),
      runs: attempts.all().length,
      queued: counts.QUEUED,
      executing: counts.EXECUTING,
      waiting: counts.WAITING,
      databaseMs,
      ...load(),
    });
  }
}

/** Null: the database did not answer in time. */
async function responseTime(database: Database): Promise<number | null> {
  const startedAt = performance.now();
  const answer = database.query("select 1").then(
    () => true,
    () => false,
  );
  const late = new Promise<false>((resolve) => {
    setTimeout(resolve, DATABASE_TIMEOUT_MS, false).unref();
  });
  return (await Promise.race([answer, late])) ? Math.round(performance.now() - startedAt) : null;
}
