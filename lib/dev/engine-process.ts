import { readFileSync } from "node:fs";
import path from "node:path";
import { startChild, type Child, type ChildOptions } from "./child";
import { Problem } from "./problem";

export type EngineProcess = Child & { url: string; readyLine: string };

export type EngineProcessOptions = Pick<ChildOptions, "env" | "reaper"> & {
  projectDir: string;
  dataDir: string;
  tasksDir: string;
  port: number;
  onLine: (line: string) => void;
  signal: AbortSignal;
};

/** Resolves when the engine accepts requests: it then prints one line of JSON. */
export async function launchEngine(options: EngineProcessOptions): Promise<EngineProcess> {
  const { projectDir, dataDir, tasksDir, port, env, reaper, onLine, signal } = options;
  let onReady: (ready: { url: string; readyLine: string }) => void;
  const ready = new Promise<{ url: string; readyLine: string }>((resolve) => (onReady = resolve));
  let lastLine = "";
  const child = startChild({
    command: process.execPath,
    args: [
      ...["--import", "tsx", path.join(projectDir, "lib/engine/main.ts")],
      ...["--port", String(port), "--data-dir", dataDir, "--tasks", tasksDir],
    ],
    cwd: projectDir,
    env,
    reaper,
    onLine(line, stream) {
      const url = stream === "stdout" ? readyUrl(line) : undefined;
      if (url) onReady({ url, readyLine: line });
      else if (line.trim()) lastLine = line.trim();
      if (!url) onLine(line);
    },
  });
  const stop = () => void child.stop();
  signal.addEventListener("abort", stop, { once: true });
  const died = child.exited.then((how) => {
    throw new Problem(`The engine could not start (${how}): ${lastLine || "it printed no reason"}`);
  });
  try {
    return { ...child, ...(await Promise.race([ready, died])) };
  } finally {
    signal.removeEventListener("abort", stop);
    died.catch(() => {});
  }
}

/** Returns the secret key of this installation's engine. */
export function engineSecretKey(dataDir: string, env: NodeJS.ProcessEnv) {
  return env.ENGINE_SECRET_KEY || readFileSync(path.join(dataDir, "engine", "secret-key"), "utf8").trim();
}

function readyUrl(line: string) {
  if (!line.startsWith("{")) return undefined;
  try {
    const { ready, url } = JSON.parse(line) as { ready?: boolean; url?: string };
    return ready ? url : undefined;
  } catch {
    return undefined;
  }
}
