import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

export const projectDir = path.resolve(import.meta.dirname, "../..");

export type KillableProcess = {
  readonly pid: number;
  /** Of the present one: resolves when it is gone, with its exit code if it had one. */
  readonly exited: Promise<number | null>;
  hasExited(): boolean;
  /** `kill -9`, or another signal, then the same again on the same port. Resolves when it is ready. */
  restart(signal?: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
};

export type EngineProcess = KillableProcess & {
  url: string;
  secretKey: string;
  /** `kill -9` of every worker process. Returns how many there were. */
  killWorkers(): number;
  /** The process in which the chat's run lives; undefined while it has none. */
  workerOf(chatId: string): Promise<number | undefined>;
  /** Everything it has written to standard error, over all restarts. */
  log(): string;
};

export type EngineProcessOptions = {
  databaseUrl: string;
  dataDir: string;
  port: number;
  env?: Record<string, string>;
  /** Default: the product's agent. */
  tasksDir?: string;
  /** Builds a new version when the task files change. */
  watch?: boolean;
};

/** The engine as a process of its own. */
export async function startEngineProcess(options: EngineProcessOptions): Promise<EngineProcess> {
  const { databaseUrl, dataDir, port, tasksDir = path.join(projectDir, "trigger"), watch = false } = options;
  const watching = watch ? "--watch" : "--no-watch";
  const args = ["--port", String(port), "--data-dir", dataDir, "--tasks", tasksDir, watching];
  let log = "";
  const engine = await restartable(async () => {
    const env = {
      ...withoutModelKeys(process.env),
      ...withoutLimits,
      DATABASE_URL: databaseUrl,
      ...options.env,
    };
    const child = start(["--import", "tsx", "lib/engine/main.ts", ...args], env);
    child.stderr?.on("data", (chunk: Buffer) => (log += chunk.toString()));
    await firstLine(child, (line) => line.includes('"ready":true'));
    return child;
  });
  const url = `http://127.0.0.1:${port}`;
  const secretKey = readFileSync(path.join(dataDir, "engine/secret-key"), "utf8").trim();
  return Object.assign(engine, {
    url,
    secretKey,
    log: () => log,
    async workerOf(chatId: string) {
      const answer = await fetch(`${url}/api/v1/sessions/${chatId}`, {
        headers: { authorization: `Bearer ${secretKey}` },
      });
      const { currentRunId } = (await answer.json()) as { currentRunId?: string };
      const started = log.matchAll(/ attempt started run="(\w+)".* pid=(\d+)/g);
      const [, , pid] = [...started].findLast(([, run]) => run === currentRunId) ?? [];
      const isAlive = childrenOf(engine.pid).some((child) => child.pid === Number(pid));
      return isAlive ? Number(pid) : undefined;
    },
    killWorkers() {
      const workers = childrenOf(engine.pid).filter((child) => child.command.includes("worker.mjs"));
      for (const { pid } of workers) process.kill(pid, "SIGKILL");
      return workers.length;
    },
  });
}

export type NextProcessOptions = {
  databaseUrl: string;
  engine: Pick<EngineProcess, "url" | "secretKey">;
  port: number;
  env?: Record<string, string>;
};

/** The production server; `npm run build` has been run. */
export function startNextProcess({
  databaseUrl,
  engine,
  port,
  env = {},
}: NextProcessOptions): Promise<KillableProcess> {
  return restartable(async () => {
    const child = start(["node_modules/next/dist/bin/next", "start", "-p", String(port)], {
      ...withoutModelKeys(process.env),
      NODE_ENV: "production",
      INSPECT: "true",
      CRASH_BUTTON: "true",
      ...withoutLimits,
      DATABASE_URL: databaseUrl,
      ENGINE_URL: engine.url,
      TRIGGER_API_URL: engine.url,
      TRIGGER_SECRET_KEY: engine.secretKey,
      ...env,
    });
    await answers(`http://localhost:${port}/icon.svg`);
    return child;
  });
}

async function restartable(spawnOne: () => Promise<ChildProcess>): Promise<KillableProcess> {
  let child = await spawnOne();
  return {
    get pid() {
      return child.pid!;
    },
    get exited() {
      return whenGone(child);
    },
    hasExited: () => isGone(child),
    async restart(signal = "SIGKILL") {
      await gone(child, signal);
      child = await spawnOne();
    },
    stop: () => gone(child, "SIGTERM"),
  };
}

/** A story does in a second what people do in an hour. The one about the limits sets its own. */
const withoutLimits = {
  LIMIT_CHAT_STARTS: "off",
  LIMIT_MESSAGES: "off",
  LIMIT_UPLOADS: "off",
  LIMIT_COPIES: "off",
  LIMIT_GUESTS: "off",
  LIMIT_VIEWS: "off",
  LIMIT_STREAM_STARTS: "off",
};

/** The stories are about the demo model, whatever the developer has configured. */
function withoutModelKeys(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const {
    AI_GATEWAY_API_KEY: _,
    ANTHROPIC_API_KEY: _a,
    OPENAI_API_KEY: _o,
    OPENAI_BASE_URL: _b,
    ...rest
  } = env;
  return rest;
}

function start(args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, args, { cwd: projectDir, env, stdio: ["ignore", "pipe", "pipe"] });
  if (process.env.E2E_LOGS) {
    child.stdout?.pipe(process.stdout);
    child.stderr?.pipe(process.stderr);
  }
  child.stdout?.resume();
  child.stderr?.resume();
  return child;
}

function firstLine(child: ChildProcess, isIt: (line: string) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
      if (output.split("\n").some(isIt)) resolve();
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.once("exit", (code) =>
      reject(new Error(`It ended with code ${code} before it was ready:\n${output}`)),
    );
  });
}

async function answers(url: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    if (Date.now() > deadline) throw new Error(`${url} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function gone(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  await whenGone(child);
}

function whenGone(child: ChildProcess): Promise<number | null> {
  if (isGone(child)) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", resolve));
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

export function childrenOf(parent: number): Array<{ pid: number; command: string }> {
  return execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().match(/^(\d+)\s+(\d+)\s+(.*)$/))
    .filter((match) => match !== null && Number(match[2]) === parent)
    .map((match) => ({ pid: Number(match![1]), command: match![3]! }));
}
