/** The engine as `lib/engine/main.ts` starts it, with what a bench wants to choose. */
import { createBundler } from "@/lib/engine/worker/bundler";
import { createEngine } from "@/lib/engine/engine";
import { createStderrLog } from "@/lib/engine/log";
import { createProcessHost } from "@/lib/engine/worker/process-host";
import path from "node:path";

export type EngineSettings = {
  /** The engine's tables; the workers find the app's at `DATABASE_URL`. */
  databaseUrl: string;
  secretKey: string;
  bundlesDir: string;
  flushIntervalMs: number;
  poolSize: number;
};

const settings = JSON.parse(process.argv[2]!) as EngineSettings;
const projectDir = process.cwd();
const log = createStderrLog();
const workerLog = (level: string, message: string) => log(`worker ${level}`, { message });

const bundler = await createBundler({
  projectDir,
  tasksDir: path.resolve(import.meta.dirname, "../tasks"),
  outDir: settings.bundlesDir,
  log: workerLog,
});
const workers = await createProcessHost({ bundler, projectDir, poolSize: settings.poolSize, log: workerLog });
const engine = await createEngine({
  databaseUrl: settings.databaseUrl,
  secretKey: settings.secretKey,
  flushIntervalMs: settings.flushIntervalMs,
  maxWorkers: 60,
  workers,
  log,
  onFatal: (reason) => {
    log("engine stops", { reason });
    process.exit(1);
  },
});

async function stop(): Promise<void> {
  setTimeout(() => process.exit(1), 5_000).unref();
  await engine.close();
  await bundler.close();
  process.exit(0);
}
process.once("SIGTERM", () => void stop());
process.once("disconnect", () => void stop());
process.send!({ url: engine.url });
