import { execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createBundler, type Bundler } from "./bundler";
import { machineOf } from "./machines";
import { createProcessHost, type ProcessHostOptions } from "./process-host";
import type { AttemptEnd, ExecuteOptions, Execution, WorkerLog, WorkerHost } from "./worker-host";

const projectDir = path.resolve(import.meta.dirname, "../../..");

const tasks = `import { task } from "@trigger.dev/sdk";
const forever = () => new Promise(() => {});
export const echo = task({ id: "echo", retry: { maxAttempts: 2 }, run: async (payload, { ctx }) => ({ payload, attempt: ctx.attempt.number, key: process.env.EXTRA, cwd: process.cwd() }) });
export const throws = task({ id: "throws", retry: { maxAttempts: 1 }, run: async () => { throw new TypeError("no good"); } });
export const exits = task({ id: "exits", run: async () => { console.error("last words"); process.exit(7); } });
export const uncaught = task({ id: "uncaught", run: async () => { setTimeout(() => { throw new RangeError("out of nowhere"); }, 10); await forever(); } });
export const spins = task({ id: "spins", run: async () => { console.log("spinning"); for (;;); } });
export const waits = task({ id: "waits", run: async () => { console.log("waiting"); await new Promise((resolve) => setTimeout(resolve, 600_000)); } });
export const deaf = task({ id: "deaf", run: async () => { process.removeAllListeners("disconnect"); console.log("waiting"); await new Promise((resolve) => setTimeout(resolve, 600_000)); } });
export const tidy = task({ id: "tidy", run: async (_, { signal }) => {
  console.log("waiting");
  try { await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))); }
  finally { await new Promise((resolve) => setTimeout(resolve, 100)); console.log("tidied up"); }
} });
export const greedy = task({ id: "greedy", run: async () => { const kept = []; for (;;) kept.push(new Array(10_000).fill(kept.length)); } });
`;

type Run = { end: Promise<AttemptEnd>; ends: AttemptEnd[]; worker: ReturnType<WorkerHost["execute"]> };

let root: string;
let tasksDir: string;
let bundler: Bundler;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "holdfast-host-"));
  tasksDir = path.join(root, "tasks");
  await mkdir(tasksDir);
  await writeFile(path.join(tasksDir, "tasks.ts"), tasks);
  bundler = await createBundler({ projectDir, tasksDir, outDir: path.join(root, "out"), log: () => {} });
});

afterAll(async () => {
  await bundler.close();
  await rm(root, { recursive: true, force: true });
});

async function openHost(options: Partial<ProcessHostOptions> = {}) {
  const lines: { level: string; message: string; runId?: string }[] = [];
  const log: WorkerLog = (level, message, fields) => lines.push({ level, message, ...fields });
  const host = await createProcessHost({ bundler, projectDir, log, ...options });
  onTestFinished(() => host.close());
  const said = (text: string) =>
    vi.waitFor(() => expect(lines.map((line) => line.message).join("\n")).toContain(text), 20_000);
  return { host, lines, said };
}

function run(
  host: WorkerHost,
  task: string,
  payload: unknown = null,
  runId = "run_1",
  options: Partial<ExecuteOptions> = {},
): Run {
  const ends: AttemptEnd[] = [];
  let finish: (end: AttemptEnd) => void;
  const end = new Promise<AttemptEnd>((resolve) => (finish = resolve));
  const worker = host.execute({
    execution: execution(task, payload, runId),
    env: { TRIGGER_API_URL: "http://127.0.0.1:9", TRIGGER_SECRET_KEY: "tr_dev_unused", EXTRA: "given late" },
    onStarted: () => {},
    onSuspendable: () => {},
    onEnd(value) {
      ends.push(value);
      finish(value);
    },
    ...options,
  });
  return { end, ends, worker };
}

function execution(task: string, payload: unknown, runId: string): Execution {
  const now = new Date();
  return {
    task: { id: task, filePath: "tasks.ts" },
    attempt: { number: 1, startedAt: now },
    run: {
      id: runId,
      payload: JSON.stringify(payload),
      payloadType: "application/json",
      tags: [],
      isTest: false,
      isReplay: false,
      createdAt: now,
      startedAt: now,
      version: "v1",
      metadata: {},
      traceContext: {},
      realtimeStreamsVersion: "v2",
    },
    queue: { id: "queue_1", name: `task/${task}` },
    environment: { id: "env_1", slug: "dev", type: "DEVELOPMENT" },
    organization: { id: "org_1", slug: "local", name: "Local" },
    project: { id: "proj_1", ref: "proj_local", slug: "local", name: "Local" },
    machine: machineOf("small-1x"),
  };
}

function isAlive(pid: number) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Returns the only worker that this test file has running. */
function onlyChild() {
  const list = execFileSync("ps", ["-A", "-o", "pid=,ppid=,command="], { encoding: "utf8" }).split("\n");
  const children = list
    .map((line) => line.trim().split(/\s+/))
    .filter(([, ppid, ...command]) => ppid === String(process.pid) && command.join(" ").includes(root));
  expect(children).toHaveLength(1);
  return Number(children[0]![0]);
}

describe("an attempt", () => {
  it("returns what the task returned, and its process is gone by then", async () => {
    const { host } = await openHost();
    const { end, worker } = run(host, "echo", { hello: "world" });

    const ended = await end;
    expect(isAlive(worker.pid!)).toBe(false);
    expect(worker.version).toBe(bundler.current().version);
    if (ended.kind !== "returned" || !ended.result.ok) throw new Error(JSON.stringify(ended));
    expect(JSON.parse(ended.result.output!).json).toEqual({
      payload: { hello: "world" },
      attempt: 1,
      key: "given late",
      cwd: projectDir,
    });
  });

  it("reports what the task threw, with frames of the source file", async () => {
    const { host } = await openHost();

    const ended = await run(host, "throws").end;
    if (ended.kind !== "returned" || ended.result.ok) throw new Error(JSON.stringify(ended));
    expect(ended.result.error).toMatchObject({
      type: "BUILT_IN_ERROR",
      name: "TypeError",
      message: "no good",
    });
    expect(ended.result.error.stackTrace).toMatch(/tasks\/tasks\.ts:4:\d+/);
  });

  it("names a task that the bundle does not have", async () => {
    const { host } = await openHost();

    const ended = await run(host, "nobody").end;
    expect(ended).toMatchObject({
      kind: "returned",
      result: { ok: false, id: "run_1", error: { code: "COULD_NOT_FIND_TASK" } },
    });
  });

  it("is a crash when the task exits", async () => {
    const { host, lines } = await openHost();

    const ended = await run(host, "exits", null, "run_exits").end;
    expect(ended).toMatchObject({
      kind: "crashed",
      code: "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE",
      exitCode: 7,
    });
    expect(lines).toContainEqual({ level: "warn", message: "last words", runId: "run_exits" });
  });

  it("is a crash when something is thrown outside the task's own promise", async () => {
    const { host } = await openHost();

    const ended = await run(host, "uncaught").end;
    if (ended.kind !== "crashed") throw new Error(JSON.stringify(ended));
    expect(ended.code).toBe("TASK_RUN_UNCAUGHT_EXCEPTION");
    expect(ended.message).toMatch(/^RangeError: out of nowhere\n[\s\S]*tasks\.ts:6/);
  });

  it("is a crash of its own kind when the heap is full", async () => {
    const { host } = await openHost();

    const micro = { ...execution("greedy", null, "run_1"), machine: machineOf("micro") };
    const ended = await run(host, "greedy", null, "run_1", { execution: micro }).end;
    expect(ended).toMatchObject({
      kind: "crashed",
      code: "TASK_PROCESS_OOM_KILLED",
      message: "The task used more than 204 MB of memory.",
    });
  });

  it("never started when its worker was dead already", async () => {
    const { host } = await openHost();
    process.kill(await vi.waitFor(onlyChild), "SIGKILL");
    const { end } = run(host, "waits");
    expect(await end).toMatchObject({
      kind: "crashed",
      code: "TASK_PROCESS_NEVER_STARTED",
      signal: "SIGKILL",
    });
  });

  it("is a crash when somebody kills the worker, reported once", async () => {
    const { host, said } = await openHost();
    const { worker, end, ends } = run(host, "waits");
    await said("waiting");
    process.kill(worker.pid!, "SIGKILL");

    expect(await end).toMatchObject({ kind: "crashed", code: "TASK_PROCESS_SIGNALED", signal: "SIGKILL" });
    await worker.kill();
    expect(ends).toHaveLength(1);
  });
});

describe("cancel", () => {
  it("lets a task that listens tidy up", async () => {
    const { host, said } = await openHost();
    const { worker, ends } = run(host, "tidy");
    await said("waiting");
    await worker.cancel();

    await said("tidied up");
    expect(isAlive(worker.pid!)).toBe(false);
    expect(ends).toMatchObject([{ kind: "crashed", exitCode: 0 }]);
  });

  it("kills an endless loop after the grace period", async () => {
    const { host, said } = await openHost();
    const { worker, ends } = run(host, "spins");
    await said("spinning");
    const started = performance.now();
    await worker.cancel();

    expect(performance.now() - started).toBeGreaterThan(2900);
    expect(isAlive(worker.pid!)).toBe(false);
    expect(ends).toMatchObject([{ kind: "crashed", code: "TASK_PROCESS_SIGNALED" }]);
  });

  it("kills an endless loop at once when asked to kill", async () => {
    const { host, said } = await openHost();
    const { worker } = run(host, "spins");
    await said("spinning");
    const started = performance.now();
    await worker.kill();

    expect(performance.now() - started).toBeLessThan(1000);
    expect(isAlive(worker.pid!)).toBe(false);
  });
});

describe("the pool", () => {
  it("knows the tasks before the first run", async () => {
    const { host } = await openHost();

    expect(host.tasks().get("echo")).toMatchObject({ id: "echo", retry: { maxAttempts: 2 } });
    expect(host.tasks().has("nobody")).toBe(false);
  });

  it("answers from a warm worker, sooner than a cold one would", async () => {
    const { host } = await openHost();
    const cold = await openHost({ poolSize: 0 });
    const time = async (of: WorkerHost) => {
      const started = performance.now();
      await run(of, "echo").end;
      return performance.now() - started;
    };

    const coldMs = await time(cold.host);
    expect(await time(host)).toBeLessThan(coldMs);
  });

  it("replaces a warm worker that was taken or has died", async () => {
    const { host } = await openHost({ refillMs: 10 });
    const before = await vi.waitFor(onlyChild);
    process.kill(before, "SIGKILL");
    const after = await vi.waitFor(async () => {
      const pid = onlyChild();
      expect(pid).not.toBe(before);
      return pid;
    });

    const { worker, end } = run(host, "echo");
    expect(worker.pid).toBe(after);
    expect((await end).kind).toBe("returned");
    expect(await vi.waitFor(onlyChild)).not.toBe(after);
  });

  it("keeps the loaded worker, and the processor, for somebody new", async () => {
    const { host } = await openHost();
    const late = run(host, "deaf", null, "run_1", { leavesSpare: true });
    const first = run(host, "deaf", null, "run_2");
    const usual = os.getPriority(process.pid);
    expect([late, first].map(({ worker }) => os.getPriority(worker.pid!) > usual)).toEqual([true, false]);
    await Promise.all([late.worker.kill(), first.worker.kill()]);
  });

  it("starts runs side by side", async () => {
    const { host } = await openHost();
    const ends = await Promise.all([1, 2, 3].map((n) => run(host, "echo", n, `run_${n}`).end));

    expect(ends.map((end) => end.kind === "returned" && end.result.id)).toEqual(["run_1", "run_2", "run_3"]);
  });

  it("ends every worker when it closes", async () => {
    const { host, said } = await openHost();
    const { worker, end } = run(host, "spins");
    await said("spinning");
    await host.close();

    expect(isAlive(worker.pid!)).toBe(false);
    expect((await end).kind).toBe("crashed");
  });
});

describe("a machine that is slow to load the tasks", () => {
  async function openSlow(options: Partial<ProcessHostOptions>) {
    const folder = await mkdtemp(path.join(os.tmpdir(), "holdfast-slow-"));
    await mkdir(path.join(folder, "tasks"));
    await writeFile(
      path.join(folder, "tasks", "slow.ts"),
      `import { task } from "@trigger.dev/sdk";
for (const until = Date.now() + 1_000; Date.now() < until; );
export const slow = task({ id: "slow", run: async () => "done" });`,
    );
    const slow = await createBundler({
      projectDir,
      tasksDir: path.join(folder, "tasks"),
      outDir: path.join(folder, "out"),
      log: () => {},
    });
    onTestFinished(async () => {
      await slow.close();
      await rm(folder, { recursive: true, force: true });
    });
    return openHost({ bundler: slow, ...options });
  }
  const done = { kind: "returned", result: { ok: true } };

  it("gives the first worker more time until it has loaded", async () => {
    const { host, lines } = await openSlow({ bootTimeoutMs: 200 });
    expect([...host.tasks().keys()]).toEqual(["slow"]);
    expect(lines.map(({ message }) => message).join()).toContain("within 0.2 s. Trying again.");
  });

  it("ends an attempt whose worker takes too long as one that never started", async () => {
    const { host } = await openSlow({ poolSize: 0 });
    const ended = await run(host, "slow", null, "run_1", { bootTimeoutMs: 200 }).end;
    expect(ended).toMatchObject({
      kind: "crashed",
      code: "TASK_PROCESS_NEVER_STARTED",
      exitCode: null,
      message: "The task files did not finish loading within 0.2 s.",
    });
  });

  it("starts the clock of a spare again when a run gets it", async () => {
    const { host } = await openSlow({ bootTimeoutMs: 200, refillMs: 0 });
    // The second run takes the spare that began to load after the first run got its worker. A spare has 0.2 s to boot.
    const ends = ["run_1", "run_2", "run_3"].map(async (runId) => {
      await run(host, "slow", null, runId, { bootTimeoutMs: 60_000 }).end;
      return run(host, "slow", null, `${runId}_again`, { bootTimeoutMs: 60_000 }).end;
    });
    for (const end of await Promise.all(ends)) expect(end).toMatchObject(done);
  });
});

describe("a changing bundle", () => {
  async function openWatched(source: string) {
    const folder = await mkdtemp(path.join(os.tmpdir(), "holdfast-watched-"));
    const write = (text: string) => writeFile(path.join(folder, "tasks", "a.ts"), text);
    await mkdir(path.join(folder, "tasks"));
    await write(source);
    const log = vi.fn<WorkerLog>();
    const watched = await createBundler({
      projectDir,
      tasksDir: path.join(folder, "tasks"),
      outDir: path.join(folder, "out"),
      log,
      watch: true,
    });
    onTestFinished(async () => {
      await watched.close();
      await rm(folder, { recursive: true, force: true });
    });
    const opened = await openHost({ bundler: watched });
    const becomes = (version: string) =>
      vi.waitFor(() => expect(opened.host.version()).not.toBe(version), 20_000);
    return { ...opened, write, becomes };
  }
  const answering = (answer: string, top = "") => `import { task } from "@trigger.dev/sdk"; ${top}
export const a = task({ id: "a", run: async (wait: number) => { console.log("running"); await new Promise((r) => setTimeout(r, wait)); return ${JSON.stringify(answer)}; } });`;
  const outputOf = (end: AttemptEnd) => end.kind === "returned" && end.result.ok && end.result.output;

  it("leaves a live run its version and gives the next run the new one", async () => {
    const { host, said, write, becomes } = await openWatched(answering("old"));
    const live = run(host, "a", 4000);
    await said("running");
    const old = host.version();
    await write(answering("new"));
    await becomes(old);

    const next = run(host, "a", 0);
    expect(outputOf(await next.end)).toContain("new");
    expect(next.worker.version).toBe(host.version());
    expect(live.worker.version).toBe(old);
    expect(outputOf(await live.end)).toContain("old");
  });

  it("keeps the previous version when the new one throws while loading", async () => {
    const { host, said, write, becomes } = await openWatched(answering("old"));
    const old = host.version();
    await write(answering("bad", `throw new Error("half saved");`));
    await said("the previous version keeps running. ../");
    await said("could not be loaded: Error: half saved");

    expect(host.version()).toBe(old);
    expect(outputOf(await run(host, "a", 0).end)).toContain("old");
    await write(answering("mended"));
    await becomes(old);
    expect(outputOf(await run(host, "a", 0).end)).toContain("mended");
  });

  it("tells why when the first bundle throws while loading", async () => {
    const { host, lines } = await openWatched(answering("never", `throw new Error("no key");`));

    expect(lines.map((line) => line.message).join()).toMatch(
      /The task files failed to load\. .*a\.ts could not be loaded: Error: no key/,
    );
    expect(host.tasks().size).toBe(0);
    const ended = await run(host, "a").end;
    expect(ended).toMatchObject({ kind: "crashed", code: "TASK_PROCESS_NEVER_STARTED", exitCode: 1 });
    expect(ended.kind === "crashed" && ended.message).toMatch(
      /a\.ts could not be loaded: Error: no key\n.*a\.ts:1/,
    );
  });
});

describe("when the engine is killed", () => {
  it.each(["waits", "deaf"])("no worker stays behind, neither warm nor busy (%s)", async (task) => {
    const script = path.join(root, `parent-${task}.mts`);
    await writeFile(
      script,
      `import { createBundler } from ${JSON.stringify(path.join(import.meta.dirname, "bundler.ts"))};
import { createProcessHost } from ${JSON.stringify(path.join(import.meta.dirname, "process-host.ts"))};
const log = (_, message) => console.log(message);
const bundler = await createBundler({ ...${JSON.stringify({ projectDir, tasksDir, outDir: path.join(root, `out-${task}`) })}, log });
const host = await createProcessHost({ bundler, projectDir: ${JSON.stringify(projectDir)}, log, refillMs: 10 });
const { pid } = host.execute({ execution: { ...${JSON.stringify(execution(task, null, "run_1"))}, attempt: { number: 1, startedAt: new Date() } , run: { ...${JSON.stringify(execution(task, null, "run_1").run)}, createdAt: new Date(), startedAt: new Date() } }, env: { TRIGGER_API_URL: "http://127.0.0.1:9", TRIGGER_SECRET_KEY: "x" }, onStarted() {}, onSuspendable() {}, onEnd() {} });
console.log("worker " + pid);
`,
    );
    const parent = spawn(process.execPath, ["--import", "tsx", script], {
      cwd: projectDir,
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void parent.kill("SIGKILL"));
    let output = "";
    parent.stdout.on("data", (chunk) => (output += chunk));
    const pid = await vi.waitFor(() => {
      expect(output).toContain("waiting");
      return Number(/worker (\d+)/.exec(output)![1]);
    }, 20_000);
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");

    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000, interval: 100 });
  });
});
