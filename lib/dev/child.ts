import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Reaper } from "./reaper";

export type Child = {
  pid: number | undefined;
  /** Resolves with how the process ended, as part of a sentence: "exit code 1", "SIGKILL". */
  exited: Promise<string>;
  /** Sends SIGTERM, then SIGKILL after a grace period. Resolves when the whole process group is gone. */
  stop: () => Promise<void>;
};

export type ChildOptions = {
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  reaper: Reaper;
  onLine: (line: string, stream: "stdout" | "stderr") => void;
};

const graceMs = 5000;

/** Starts a process in its own group, so that Ctrl-C reaches only the supervisor, which stops its children in order. */
export function startChild({ command, args, cwd, env, reaper, onLine }: ChildOptions): Child {
  const child = spawn(command, args, {
    cwd,
    env,
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  if (pid) reaper.add(pid);
  for (const stream of ["stdout", "stderr"] as const) {
    createInterface({ input: child[stream] }).on("line", (line) => onLine(line, stream));
  }

  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => {
      // A process left in its group would keep the port that the next start needs.
      killGroup(pid, "SIGKILL");
      if (pid) reaper.remove(pid);
      resolve(signal ?? `exit code ${code}`);
    });
  });

  return {
    pid,
    exited,
    async stop() {
      killGroup(pid, "SIGTERM");
      const late = await Promise.race([exited, delay(graceMs, true, { ref: false })]);
      if (late === true) killGroup(pid, "SIGKILL");
      await exited;
    },
  };
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals) {
  if (!pid) return;
  try {
    if (process.platform === "win32")
      spawn("taskkill", ["/pid", String(pid), "/t", "/f"], { stdio: "ignore" });
    else process.kill(-pid, signal);
  } catch {
    // The group is gone already (ESRCH).
  }
}
