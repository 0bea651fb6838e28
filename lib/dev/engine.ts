/** `npm run engine`: the engine and its database, without the app. The only line on stdout is the engine's own. */
import "./node-version";
import path from "node:path";
import nextEnv from "@next/env";
import { parseArguments } from "./arguments";
import { applyMigrations, checkDatabase, launchPostgres } from "./database";
import { launchEngine } from "./engine-process";
import { acquireLock } from "./lock";
import { choosePort } from "./ports";
import { Problem, requireValidSettings } from "./problem";
import { startReaper } from "./reaper";
import { createShutdown } from "./shutdown";

const projectDir = path.resolve(import.meta.dirname, "../..");
const shutdown = createShutdown();

async function main() {
  const { values } = parseArguments({
    port: { type: "string" },
    "data-dir": { type: "string", default: ".data" },
    tasks: { type: "string", default: "trigger" },
  });
  nextEnv.loadEnvConfig(projectDir, process.env.NODE_ENV !== "production", {
    info() {},
    error: console.error,
  });
  const { __NEXT_PROCESSED_ENV: _, ...env } = process.env;
  requireValidSettings(env);
  const dataDir = path.resolve(projectDir, values["data-dir"]);

  const lock = await acquireLock(dataDir);
  shutdown.onStop(() => lock.release());
  shutdown.signal.addEventListener("abort", () => lock.update({ stopping: true }));
  const reaper = startReaper();
  shutdown.onStop(() => reaper.close());
  const port = await choosePort({
    wanted: values.port ?? env.ENGINE_PORT,
    source: values.port ? "--port" : "ENGINE_PORT",
    fallback: 4747,
    host: "127.0.0.1",
    waitMs: lock.tookOver ? 5000 : 0,
  });

  const databaseUrl = env.DATABASE_URL || (await startDatabase());
  await checkDatabase(databaseUrl);
  await applyMigrations(databaseUrl);
  if (shutdown.signal.aborted) return;

  const launching = launchEngine({
    projectDir,
    dataDir,
    tasksDir: path.resolve(projectDir, values.tasks),
    port,
    env: { ...env, DATABASE_URL: databaseUrl },
    reaper,
    onLine: (line) => console.error(line),
    signal: shutdown.signal,
  });
  shutdown.onStop(async () => (await launching.catch(() => undefined))?.stop());
  const engine = await launching;
  lock.update({ url: engine.url });
  void engine.exited.then((how) => shutdown.fail(new Problem(`The engine stopped unexpectedly (${how}).`)));
  console.log(engine.readyLine);

  async function startDatabase() {
    const starting = launchPostgres({ dataDir, reaper, onLine: () => {} });
    shutdown.onStop(async () => (await starting.catch(() => undefined))?.stop());
    const postgres = await starting;
    void postgres.exited.then(() =>
      shutdown.fail(new Problem("The embedded PostgreSQL stopped unexpectedly.")),
    );
    return postgres.url;
  }
}

try {
  await main();
} catch (error) {
  await shutdown.fail(error);
}
