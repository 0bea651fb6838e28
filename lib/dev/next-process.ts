import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startChild, type Child, type ChildOptions } from "./child";
import { Problem } from "./problem";

export type NextProcessOptions = Pick<ChildOptions, "env" | "reaper" | "onLine"> & {
  command: "dev" | "start";
  projectDir: string;
  port: number;
  lastError: () => string;
  signal: AbortSignal;
};

const firstResponseMs = 180_000;

/** Resolves with the status of the first response. In development that request also compiles the first page. */
export async function launchNext(options: NextProcessOptions): Promise<Child & { status: number }> {
  const { command, projectDir, port, env, reaper, onLine, lastError, signal } = options;
  const child = startChild({
    command: process.execPath,
    args: [path.join(projectDir, "node_modules/next/dist/bin/next"), command, "-p", String(port)],
    cwd: projectDir,
    env,
    reaper,
    onLine,
  });
  const stop = () => void child.stop();
  signal.addEventListener("abort", stop, { once: true });
  const died = child.exited.then((how) => {
    throw new Problem(`Next could not start (${how}): ${lastError() || "it printed no reason"}`);
  });
  died.catch(() => {});
  const over = new AbortController();
  try {
    return { ...child, status: await Promise.race([firstStatus(port, over.signal), died]) };
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    over.abort();
    signal.removeEventListener("abort", stop);
  }
}

async function firstStatus(port: number, over: AbortSignal) {
  const deadline = Date.now() + firstResponseMs;
  while (Date.now() < deadline && !over.aborted) {
    try {
      const signal = AbortSignal.any([over, AbortSignal.timeout(deadline - Date.now())]);
      const response = await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual", signal });
      await response.arrayBuffer();
      return response.status;
    } catch {
      // Next does not listen yet.
      await delay(100);
    }
  }
  throw new Problem(
    `Next did not respond on port ${port} within ${firstResponseMs / 1000} s. Nothing was lost; the reason is in next.log.`,
  );
}
