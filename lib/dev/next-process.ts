import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startChild, type Child, type ChildOptions } from "./child";
import { Problem } from "./problem";

export type NextProcessOptions = Pick<ChildOptions, "env" | "reaper" | "onLine"> & {
  command: "dev" | "start";
  projectDir: string;
  port: number;
  lastWords: () => string;
  signal: AbortSignal;
};

const firstAnswerMs = 180_000;

/** Resolves with the status of the first answer. In development that request also compiles the first page. */
export async function launchNext(options: NextProcessOptions): Promise<Child & { status: number }> {
  const { command, projectDir, port, env, reaper, onLine, lastWords, signal } = options;
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
    throw new Problem(`Next did not start (${how}): ${lastWords() || "it gave no reason"}`);
  });
  died.catch(() => {});
  const over = new AbortController();
  try {
    return { ...child, status: await Promise.race([firstAnswer(port, over.signal), died]) };
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    over.abort();
    signal.removeEventListener("abort", stop);
  }
}

async function firstAnswer(port: number, over: AbortSignal) {
  const deadline = Date.now() + firstAnswerMs;
  while (Date.now() < deadline && !over.aborted) {
    try {
      const signal = AbortSignal.any([over, AbortSignal.timeout(deadline - Date.now())]);
      const response = await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual", signal });
      await response.arrayBuffer();
      return response.status;
    } catch {
      // Not listening yet.
      await delay(100);
    }
  }
  throw new Problem(`Next did not answer on port ${port} within ${firstAnswerMs / 1000} s: see next.log.`);
}
