/** What the benches play on. Everything is started when the first bench asks for it, and stopped at the end. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startPostgres, type Postgres } from "@/lib/db/embedded-postgres";
import { migrate } from "@/prisma/migrate";
import { query, withDatabase } from "../../support/test-database";
import { startApp, type App } from "./app";
import { startEngine, type Engine, type EngineKind } from "./engine";
import { startPlain, type Plain } from "./plain";

export type Stage = {
  /** PostgreSQL as the product runs it: with fsync, on a disk. */
  postgres(): Promise<Postgres>;
  /** A migrated database of its own. */
  freshDatabase(): Promise<string>;
  engine(kind: EngineKind): Promise<Engine>;
  /** The route without durability. */
  plain(): Promise<Plain>;
  /** The production build of the app, in front of our engine. */
  app(): Promise<App>;
  /** A folder that is removed at the end. */
  folder: string;
  /** Stopped with the stage, the newest first. */
  onClose(stop: () => Promise<unknown>): void;
  close(): Promise<void>;
};

const TEMPLATE = "bench_template";

export async function createStage(): Promise<Stage> {
  const folder = await mkdtemp(path.join(tmpdir(), "holdfast-bench-"));
  const stops: Array<() => Promise<unknown>> = [() => rm(folder, { recursive: true, force: true })];
  const engines = new Map<EngineKind, Promise<Engine>>();
  let databases = 0;

  const postgres = once(async () => {
    const started = await startPostgres({
      dir: path.join(folder, "postgres"),
      settings: ["max_connections=400"],
    });
    stops.push(() => started.stop());
    await query(started.url, `CREATE DATABASE ${TEMPLATE}`);
    await migrate(withDatabase(started.url, TEMPLATE));
    return started;
  });
  const plain = once(async () => {
    const started = await startPlain();
    stops.push(() => started.stop());
    return started;
  });
  const app = once(async () => {
    const started = await startApp(await stage.engine("ours"));
    stops.push(() => started.stop());
    return started;
  });
  const stage: Stage = {
    folder,
    postgres,
    plain,
    app,
    async freshDatabase() {
      const { url } = await postgres();
      const name = `bench_${(databases += 1)}`;
      await query(url, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
      return withDatabase(url, name);
    },
    engine(kind) {
      const running = engines.get(kind) ?? start(kind);
      engines.set(kind, running);
      return running;
    },
    onClose: (stop) => void stops.push(stop),
    async close() {
      for (const stop of stops.toReversed()) await stop();
    },
  };
  return stage;

  async function start(kind: EngineKind): Promise<Engine> {
    const databaseUrl = await stage.freshDatabase();
    const engine = await startEngine(kind, { databaseUrl, folder: path.join(folder, kind) });
    stops.push(() => engine.stop());
    return engine;
  }
}

function once<T>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => (started ??= start());
}
