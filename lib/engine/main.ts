/**
 * Runs the engine as a process: `main.ts [--port N] [--data-dir DIR] [--tasks DIR]` with DATABASE_URL set. It prints one
 * line of JSON when it is ready, and logs to standard error.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { checkEnvironment, env } from "../env";
import { createBundler } from "./worker/bundler";
import { createEngine } from "./engine";
import { failpointsOf } from "./failpoints";
import { createStderrLog, withoutSecrets } from "./log";
import { createProcessHost } from "./worker/process-host";
import { loadSecretKey } from "./secret-key";
import type { WorkerLog } from "./worker/worker-host";

try {
  await start();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}

async function start(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      "data-dir": { type: "string" },
      tasks: { type: "string" },
      watch: { type: "boolean", default: process.env["NODE_ENV"] !== "production" },
    },
    allowNegative: true,
  });
  checkEnvironment();
  const databaseUrl = env.DATABASE_URL;
  if (!databaseUrl)
    throw new Error("DATABASE_URL is not set. Set it, or start the engine with `npm run engine`.");
  const port = Number(values.port ?? env.ENGINE_PORT ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${values.port} is not a port. Use a number from 0 to 65535.`);
  const projectDir = process.cwd();
  const dataDir = path.resolve(values["data-dir"] ?? ".data");
  const secretKey = env.ENGINE_SECRET_KEY ?? (await loadSecretKey(dataDir));
  const log = withoutSecrets(createStderrLog(), secretKey);
  const workerLog: WorkerLog = (level, message, fields) =>
    log(level === "info" ? "worker" : `worker ${level}`, { run: fields?.runId, message });

  const bundler = await createBundler({
    projectDir,
    tasksDir: path.resolve(values.tasks ?? "trigger"),
    outDir: path.join(dataDir, "engine", "bundles"),
    watch: values.watch,
    log: workerLog,
  });
  const workers = await createProcessHost({ bundler, projectDir, log: workerLog });
  const engine = await createEngine({
    databaseUrl,
    secretKey,
    workers,
    log,
    host: env.ENGINE_HOST,
    port,
    access: {
      allowedHosts: env.ENGINE_ALLOWED_HOSTS,
      allowedOrigins: env.ENGINE_ALLOWED_ORIGINS,
    },
    parkLimitMs: env.ENGINE_PARK_LIMIT_SECONDS * 1_000,
    maxWorkers: env.ENGINE_MAX_WORKERS,
    maxWorkersPerKey: env.ENGINE_MAX_WORKERS_PER_PERSON,
    maxStreamsPerKey: env.LIMIT_STREAMS,
    mode: env.ENGINE_MODE,
    onFatal: (reason) => void stop(1, reason),
    failpoints: failpointsOf(process.env),
  }).catch(async (error: unknown) => {
    await Promise.all([workers.close(), bundler.close()]);
    throw error;
  });

  let stopping = false;
  async function stop(code: number, reason: string): Promise<void> {
    if (stopping) return;
    stopping = true;
    log("engine stops", { reason });
    // Exits before the supervisor kills the process, even if the stop hangs.
    setTimeout(() => process.exit(code || 1), 5_000).unref();
    await engine.close();
    await bundler.close();
    process.exit(code);
  }
  process.once("SIGTERM", () => void stop(0, "SIGTERM"));
  process.once("SIGINT", () => void stop(0, "SIGINT"));
  // If the supervisor was killed, the engine must not keep the port and the database.
  if (process.send) process.once("disconnect", () => void stop(0, "the supervisor is gone"));

  process.stdout.write(`${JSON.stringify({ ready: true, url: engine.url, pid: process.pid })}\n`);
}
