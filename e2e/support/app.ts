import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort, startPostgres } from "@/lib/db/embedded-postgres";
import { migrate } from "../../prisma/migrate";
import { startEngineProcess, startNextProcess, type EngineProcess, type KillableProcess } from "./processes";

export type TestApp = {
  url: string;
  port: number;
  databaseUrl: string;
  engine: EngineProcess;
  next: KillableProcess;
  close(): Promise<void>;
};

/** In the environment of a story: the address that its site will have. */
export const OWN_ADDRESS = "the address of this story's site";

/** The production build with a database, an engine and a demo model of its own, each piece killable. */
export async function startApp(given: Record<string, string> = {}): Promise<TestApp> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const engineEnv = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value === OWN_ADDRESS ? url : value]),
  );
  const folder = await mkdtemp(path.join(tmpdir(), "holdfast-e2e-"));
  const postgres = await startPostgres({ dir: path.join(folder, "postgres"), settings: ["fsync=off"] });
  await migrate(postgres.url);
  const engine = await startEngineProcess({
    databaseUrl: postgres.url,
    dataDir: folder,
    port: await freePort(),
    env: engineEnv,
  });
  const next = await startNextProcess({ databaseUrl: postgres.url, engine, port, env: engineEnv });
  return {
    url,
    port,
    databaseUrl: postgres.url,
    engine,
    next,
    async close() {
      await next.stop();
      await engine.stop();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
