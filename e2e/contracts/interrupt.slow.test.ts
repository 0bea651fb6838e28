/** Ctrl-C ends `npm run bench` and `npm run faults`, and nothing that they started runs on. */
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ownedProcesses, type OwnedProcess } from "../commands/owned-processes";
import { projectDir } from "../support/processes";

const END_WITHIN_MS = 5_000;
const untilStarted = { timeout: 240_000, interval: 200 };
const worker = /worker\.mjs/;
const postgres = /bin\/postgres /;

let temporary: string;
beforeEach(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), "holdfast-interrupt-"));
});
afterEach(() => rm(temporary, { recursive: true, force: true }));

describe.each([
  ["a bench", ["bench", "--", "first-chunk"], [postgres, worker]],
  ["a fault", ["faults", "--", "worker killed at every 5th chunk"], [postgres, worker]],
  ["an attack", ["attack"], [postgres, /next-server/, /chrom/]],
  ["a fault in a browser", ["faults", "--", "browser: reload"], [postgres, /next-server/, /chrom/]],
])("%s", (_, script, programs) => {
  /** A terminal sends the signal to the whole process group, a service manager only to npm. */
  it.each([
    ["Ctrl-C", "SIGINT", (pid: number) => -pid],
    ["SIGTERM", "SIGTERM", (pid: number) => pid],
  ] as const)("ends with everything that it started: %s", { timeout: 300_000 }, async (_name, signal, to) => {
    const mark = `INTERRUPT_TEST=${crypto.randomUUID()}`;
    const [name, value] = mark.split("=");
    const npm = spawn("npm", ["run", ...script], {
      cwd: projectDir,
      detached: true,
      stdio: "ignore",
      env: { ...process.env, [name!]: value, TMPDIR: temporary },
    });
    const exited = new Promise<number | null>((resolve) => npm.once("exit", resolve));
    let started: OwnedProcess[] = [];
    await vi.waitFor(() => {
      started = ownedProcesses(mark, [npm.pid!]);
      for (const program of programs) expect(started.map(({ text }) => text).join("\n")).toMatch(program);
    }, untilStarted);

    const interruptedAt = Date.now();
    process.kill(to(npm.pid!), signal);
    expect(await exited).toBe(130);
    expect(Date.now() - interruptedAt).toBeLessThan(END_WITHIN_MS);

    const known = started.map(({ pid }) => pid);
    expect(ownedProcesses(mark, known).map(({ text }) => text.slice(0, 200))).toEqual([]);
    const left = (await readdir(temporary)).filter((file) => file.startsWith("holdfast"));
    expect(left).toEqual([]);
  });
});
