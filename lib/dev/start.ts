/**
 * `npm run dev` and `npm start`: starts PostgreSQL, applies migrations, then starts the engine and Next, each once the
 * previous one answers. It restarts a part that dies, and stops all of them together.
 */
import "./node-version";
import { existsSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import nextEnv from "@next/env";
import { parseArguments } from "./arguments";
import { startChild } from "./child";
import { applyMigrations, checkDatabase, launchPostgres } from "./database";
import { engineSecretKey, launchEngine } from "./engine-process";
import { acquireLock } from "./lock";
import { launchNext } from "./next-process";
import { createOutput, type Output } from "./output";
import { choosePort } from "./ports";
import { Problem, requireValidSettings } from "./problem";
import { startReaper, type Reaper } from "./reaper";
import { createService, type Running } from "./service";
import { createShutdown, type Shutdown } from "./shutdown";

const projectDir = path.resolve(import.meta.dirname, "../..");
const triggerCli = "trigger.dev@4.8.3";

type Context = {
  command: "dev" | "start";
  dataDir: string;
  output: Output;
  reaper: Reaper;
  shutdown: Shutdown;
};

async function main() {
  const { values, positionals } = parseArguments(
    {
      port: { type: "string", short: "p" },
      "data-dir": { type: "string", default: ".data" },
      verbose: { type: "boolean", default: false },
    },
    true,
  );
  const command = positionals[0] === "start" ? "start" : "dev";
  const dataDir = path.resolve(projectDir, values["data-dir"]);
  // Next gets the shell's own environment, so that it reads the .env files itself and reloads them when they change.
  const shellEnv = { ...process.env };
  nextEnv.loadEnvConfig(projectDir, command === "dev", { info() {}, error: console.error });
  const { __NEXT_PROCESSED_ENV: _, ...env } = process.env;
  requireValidSettings(env, command === "start");

  if (command === "start" && !existsSync(path.join(projectDir, ".next/BUILD_ID"))) {
    throw new Problem("There is no production build yet. Run npm run build, then npm start.");
  }
  const lock = await acquireLock(dataDir);
  shutdown.onStop(() => lock.release());
  const output = createOutput({ logsDir: path.join(dataDir, "logs"), verbose: values.verbose });
  const reaper = startReaper();
  shutdown.onStop(() => reaper.close());
  shutdown.signal.addEventListener("abort", () => {
    if (shutdown.signal.reason === 0) output.say("Stopping…");
    output.mute();
    lock.update({ stopping: true });
  });
  const context: Context = { command, dataDir, output, reaper, shutdown };

  const port = await choosePort({
    wanted: values.port ?? env.PORT,
    source: values.port ? "--port" : "PORT",
    fallback: 3000,
    waitMs: lock.tookOver ? 5000 : 0,
  });
  const url = `http://localhost:${port}`;
  const databaseUrl = await startDatabase(context, env.DATABASE_URL);
  const engineEnv = env.TRIGGER_SECRET_KEY
    ? await startTrigger(context, env, databaseUrl)
    : await startEngine(context, env, databaseUrl, lock.tookOver);
  await startNext(context, port, {
    NEXT_TELEMETRY_DISABLED: "1",
    ...shellEnv,
    ...engineEnv,
    DATABASE_URL: databaseUrl,
  });
  if (shutdown.signal.aborted) return;
  lock.update({ url });
  output.say(`\nHoldfast is ready: ${url}`);
  isReady = true;
}

/** Before it is ready Next's output is noise; afterwards it may be the user's own `console.log`. */
let isReady = false;

async function startDatabase(context: Context, ownUrl: string | undefined) {
  const { dataDir, output, reaper, shutdown } = context;
  let startedAt = performance.now();
  let url = ownUrl;
  if (url) {
    await checkDatabase(url);
    output.step("PostgreSQL", `your own, at ${new URL(url).host}`, startedAt);
  } else {
    let port: number | undefined;
    const onLine = (line: string) => output.child("postgres", line, /PANIC/.test(line));
    const postgres = service(context, "PostgreSQL", async () => {
      const running = await launchPostgres({ dataDir, port, reaper, onLine });
      // A restarted server keeps its port, because its clients reconnect there.
      port = running.port;
      return running;
    });
    url = (await postgres.start()).url;
    output.step("PostgreSQL", `embedded, port ${port}`, startedAt);
  }
  if (shutdown.signal.aborted) return url;
  startedAt = performance.now();
  const applied = await applyMigrations(url);
  output.step("Migrations", applied.length === 0 ? "up to date" : `${applied.length} applied`, startedAt);
  return url;
}

async function startEngine(context: Context, env: NodeJS.ProcessEnv, databaseUrl: string, tookOver: boolean) {
  const { command, dataDir, output, reaper } = context;
  const startedAt = performance.now();
  const port = await choosePort({
    wanted: env.ENGINE_PORT,
    source: "ENGINE_PORT",
    fallback: 4747,
    host: "127.0.0.1",
    waitMs: tookOver ? 5000 : 0,
  });
  const engine = service(context, "The engine", (signal) =>
    launchEngine({
      projectDir,
      dataDir,
      tasksDir: path.join(projectDir, "trigger"),
      port,
      env: { ...env, NODE_ENV: command === "dev" ? "development" : "production", DATABASE_URL: databaseUrl },
      reaper,
      onLine: newsFilter(output, "engine", isEngineNews),
      signal,
    }),
  );
  const { url } = await engine.start();
  output.step("Engine", url, startedAt);
  return { ENGINE_URL: url, TRIGGER_API_URL: url, TRIGGER_SECRET_KEY: engineSecretKey(dataDir, env) };
}

/** With the user's own key agents run on Trigger.dev, whose CLI serves them in development. */
async function startTrigger(context: Context, env: NodeJS.ProcessEnv, databaseUrl: string) {
  const { command, output, reaper } = context;
  const startedAt = performance.now();
  const isElsewhere =
    command === "start" || /\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]?/.test(env.TRIGGER_API_URL ?? "");
  if (command === "start" && !env.DATABASE_URL) {
    output.say(
      "  Agents on Trigger.dev can't reach the embedded PostgreSQL. Set DATABASE_URL to a database that they can reach.",
    );
  }
  if (!isElsewhere) {
    const trigger = service(context, "trigger.dev", async () =>
      startChild({
        command: process.platform === "win32" ? "npx.cmd" : "npx",
        args: ["--yes", triggerCli, "dev"],
        cwd: projectDir,
        env: { ...env, DATABASE_URL: databaseUrl },
        reaper,
        onLine: newsFilter(output, "trigger", () => true),
      }),
    );
    await trigger.start();
  }
  output.step(
    "Trigger.dev",
    isElsewhere ? (env.TRIGGER_API_URL ?? "cloud") : `npx ${triggerCli} dev`,
    startedAt,
  );
  return {};
}

async function startNext(context: Context, port: number, env: NodeJS.ProcessEnv) {
  const { command, output, reaper } = context;
  const startedAt = performance.now();
  const next = service(context, "Next", (signal) =>
    launchNext({
      command,
      projectDir,
      port,
      env,
      reaper,
      onLine: newsFilter(output, "next", isNextNews),
      lastError: () => output.lastError("next"),
      signal,
    }),
  );
  const { status } = await next.start();
  output.step("Next", `port ${port}`, startedAt);
  if (status >= 500)
    output.say(`  The first page failed with status ${status}. The reason is above, or in next.log.`);
}

function service<T extends Running>(
  { output, shutdown }: Context,
  name: string,
  launch: (signal: AbortSignal) => Promise<T>,
) {
  const created = createService({
    name,
    launch,
    say: output.say,
    giveUp: (sentence) => void shutdown.fail(new Problem(sentence)),
  });
  shutdown.onStop(created.stop);
  return created;
}

/** Shows a news line together with the indented lines below it, such as stack frames. */
function newsFilter(output: Output, name: string, isNews: (line: string) => boolean) {
  let wasNews = false;
  return (colored: string) => {
    const line = stripVTControlCharacters(colored);
    wasNews = isNews(line) || (wasNews && /^\s{2,}\S/.test(line));
    output.child(name, line, wasNews);
  };
}

function isEngineNews(line: string) {
  // Console output of a task is the user's own, as that of a page is.
  if (isReady && / engine worker /.test(line)) return true;
  return /\b(warn|warning|error|fail(ed|ure)?|crash(ed)?|fatal|quarantined?)\b/i.test(line);
}

function isNextNews(line: string) {
  if (/⨯|⚠|\berror\b|\bwarning\b/i.test(line)) return true;
  const isRoutine = /^\s*([✓○▲]|- (Local|Network|Environments|Experiments)|[A-Z]+ \/\S* [1-4]\d\d in )/.test(
    line,
  );
  return isReady && line.trim() !== "" && !isRoutine;
}

const shutdown = createShutdown();
try {
  await main();
} catch (error) {
  await shutdown.fail(error);
}
