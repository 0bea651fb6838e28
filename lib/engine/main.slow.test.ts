import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { freshDatabase } from "@/e2e/support/database";

const projectDir = path.resolve(import.meta.dirname, "../..");
let database: Awaited<ReturnType<typeof freshDatabase>>;
let root: string;

beforeAll(async () => {
  database = await freshDatabase({ migrated: false });
  root = await mkdtemp(path.join(tmpdir(), "holdfast-main-"));
  await import("node:fs/promises").then(async ({ mkdir, writeFile }) => {
    await mkdir(path.join(root, "tasks"));
    const source =
      'import { task } from "@trigger.dev/sdk"; export const echo = task({ id: "echo", run: async (x) => x });';
    await writeFile(path.join(root, "tasks", "echo.ts"), source);
  });
});
afterAll(async () => {
  await database.drop();
  await rm(root, { recursive: true, force: true });
});

type Started = { child: ChildProcess; stdout: string; stderr: string; exit: Promise<number | null> };

function start(options: { ipc?: boolean; env?: Record<string, string> } = {}): Started {
  const args = [
    "--import",
    "tsx",
    "lib/engine/main.ts",
    "--data-dir",
    path.join(root, "data"),
    "--tasks",
    path.join(root, "tasks"),
  ];
  const child = spawn(process.execPath, args, {
    cwd: projectDir,
    env: { ...process.env, DATABASE_URL: database.url, ...options.env },
    stdio: ["ignore", "pipe", "pipe", ...(options.ipc ? (["ipc"] as const) : [])],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const started: Started = {
    child,
    stdout: "",
    stderr: "",
    exit: new Promise((resolve) => child.once("exit", (code) => resolve(code))),
  };
  child.stdout!.on("data", (chunk: Buffer) => (started.stdout += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (started.stderr += chunk.toString()));
  return started;
}

async function ready(engine: Started): Promise<{ ready: boolean; url: string; pid: number }> {
  while (!engine.stdout.includes("\n")) {
    if (engine.child.exitCode !== null) throw new Error(engine.stderr);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return JSON.parse(engine.stdout) as { ready: boolean; url: string; pid: number };
}

it(
  "says where it listens, keeps its key to itself, refuses a twin and stops when asked",
  { timeout: 180_000 },
  async () => {
    const engine = start();
    const line = await ready(engine);
    expect(line).toEqual({
      ready: true,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      pid: engine.child.pid,
    });
    const file = path.join(root, "data", "engine", "secret-key");
    const key = (await readFile(file, "utf8")).trim();
    expect(key).toMatch(/^tr_dev_[0-9A-Za-z]{24}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const answer = await fetch(`${line.url}/api/v1/auth/jwt/claims`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
    });
    expect(await answer.json()).toEqual({ sub: "env_local", pub: true });

    const twin = start();
    expect(await twin.exit).toBe(1);
    expect(twin.stderr).toContain("Another engine is already using this database.");
    expect(twin.stdout).toBe("");

    engine.child.kill("SIGTERM");
    expect(await engine.exit).toBe(0);
    expect(engine.stdout.trim().split("\n")).toHaveLength(1);
    expect(engine.stderr).not.toContain(key);

    const again = start();
    await ready(again);
    expect((await readFile(file, "utf8")).trim()).toBe(key);
  },
);

it(
  "takes over from an engine that was killed, and leaves with its supervisor",
  { timeout: 180_000 },
  async () => {
    const killed = start();
    await ready(killed);
    killed.child.kill("SIGKILL");
    const engine = start({ ipc: true });
    await ready(engine);
    engine.child.disconnect();
    expect(await engine.exit).toBe(0);
  },
);

it("names what is missing or wrong in one sentence", { timeout: 180_000 }, async () => {
  const without = start({ env: { DATABASE_URL: "" } });
  expect(await without.exit).toBe(1);
  expect(without.stderr.trim()).toMatch(/^DATABASE_URL is not set\..*$/);
  const wrong = start({ env: { DATABASE_URL: "postgresql://nobody:x@127.0.0.1:1/none" } });
  expect(await wrong.exit).toBe(1);
  expect(wrong.stderr.trim().split("\n").at(-1)).toContain("database");
  const mode = start({ env: { ENGINE_MODE: "cloud" } });
  expect(await mode.exit).toBe(1);
  expect(mode.stderr.trim()).toBe(
    'ENGINE_MODE is "cloud", but it needs one of embedded, platform: correct it, or leave it out.',
  );
});
