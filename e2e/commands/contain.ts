/**
 * `contain.ts FILE [ARGUMENT ...]` runs a program that starts servers, workers and browsers. When it is interrupted
 * (Ctrl-C, SIGTERM, or npm is gone), everything that it started ends within seconds and its temporary files are removed.
 * The npm scripts `exec` it: a shell between npm and this process would end first, and npm would not wait.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { watchParents } from "../../lib/dev/parents";
import { ownedProcesses } from "./owned-processes";

/** PostgreSQL shuts down by itself in this time, which leaves no shared memory behind. Then nobody is asked again. */
const GRACE_MS = 2_000;
const LOOK_AGAIN_MS = 100;
const INTERRUPTED = 130;

const [file, ...args] = process.argv.slice(2);
if (file === undefined) throw new Error("Name the program that is to be run.");

const runId = crypto.randomUUID();
const folder = await mkdtemp(path.join(tmpdir(), "holdfast-"));
let isInterrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void interrupt());
watchParents(() => void interrupt());

// In a process group of its own: a Ctrl-C in the terminal reaches only this process, which then ends the others in order.
const program = spawn(process.execPath, ["--import", "tsx", file, ...args], {
  detached: true,
  stdio: "inherit",
  env: { ...process.env, HOLDFAST_RUN: runId, TMPDIR: folder },
});
program.on("exit", (code) => {
  if (!isInterrupted) void finish(code ?? 1);
});

async function interrupt(): Promise<void> {
  if (isInterrupted) return;
  isInterrupted = true;
  await finish(INTERRUPTED);
}

async function finish(code: number): Promise<void> {
  await endOwnedProcesses();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  process.exit(code);
}

async function endOwnedProcesses(): Promise<void> {
  const known = new Set(program.exitCode === null ? [program.pid!] : []);
  const asked = new Set<number>();
  const startedAt = Date.now();
  for (;;) {
    const owned = ownedProcesses(`HOLDFAST_RUN=${runId}`, known);
    if (owned.length === 0) return;
    for (const { pid } of owned) {
      known.add(pid);
      if (Date.now() - startedAt > GRACE_MS) signal(pid, "SIGKILL");
      else if (!asked.has(pid)) signal(pid, "SIGINT");
      asked.add(pid);
    }
    await delay(LOOK_AGAIN_MS);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH: the process ended by itself in the meantime.
  }
}
