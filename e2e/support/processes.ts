import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

export const projectDir = path.resolve(import.meta.dirname, "../..");

export type KillableProcess = {
  readonly pid: number;
  /** `kill -9`, then the same again on the same port. Resolves when it is ready. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

export type EngineProcess = KillableProcess & {
  url: string;
  secretKey: string;
  /** `kill -9` of every worker process. Returns how many there were. */
  killWorkers(): number;
};

export type EngineProcessOptions = {
  databaseUrl: string;
  dataDir: string;
  port: number;
  env?: Record<string, string>;
};

/** The engine as a process of its own, with the product's agent. */
export async function startEngineProcess(options: EngineProcessOptions): Promise<EngineProcess> {
  const { databaseUrl, dataDir, port } = options;
  const args = ["--port", String(port), "--data-dir", dataDir, "--tasks", path.join(projectDir, "trigger")];
  const engine = await restartable(async () => {
    const env = { ...withoutModelKeys(process.env), DATABASE_URL: databaseUrl, ...options.env };
    const child = start(["--import", "tsx", "lib/engine/main.ts", ...args], env);
    await firstLine(child, (line) => line.includes('"ready":true'));
    return child;
  });
  return Object.assign(engine, {
    url: `http://127.0.0.1:${port}`,
    secretKey: readFileSync(path.join(dataDir, "engine/secret-key"), "utf8").trim(),
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
};

/** The production server; `npm run build` has been run. */
export function startNextProcess({
  databaseUrl,
  engine,
  port,
}: NextProcessOptions): Promise<KillableProcess> {
  return restartable(async () => {
    const child = start(["node_modules/next/dist/bin/next", "start", "-p", String(port)], {
      ...withoutModelKeys(process.env),
      NODE_ENV: "production",
      DATABASE_URL: databaseUrl,
      ENGINE_URL: engine.url,
      TRIGGER_API_URL: engine.url,
      TRIGGER_SECRET_KEY: engine.secretKey,
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
    async restart() {
      await gone(child, "SIGKILL");
      child = await spawnOne();
    },
    stop: () => gone(child, "SIGTERM"),
  };
}

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
  if (child.exitCode !== null || child.signalCode) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await exit;
}

function childrenOf(parent: number): Array<{ pid: number; command: string }> {
  return execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().match(/^(\d+)\s+(\d+)\s+(.*)$/))
    .filter((match) => match !== null && Number(match[2]) === parent)
    .map((match) => ({ pid: Number(match![1]), command: match![3]! }));
}
