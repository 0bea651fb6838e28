/**
 * Points at which a fault test breaks the engine. A file with the name of a point arms it, in the folder that
 * HOLDFAST_FAILPOINTS names. The variable is read in a test build (NODE_ENV=test) only.
 */
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";

export type Failpoint = "after-commit-before-ack" | "between-commit-and-fanout" | "append-enospc";

/** The content of the file that arms a point, as JSON. */
export type Arming = {
  /** Limits the fault to streams whose names end like this, for example `/out`. */
  stream?: string;
  /** How many times the engine passes the point before the fault. */
  skip?: number;
};

/** Call where the engine passes the point. Undefined: the point is not armed. */
export type Failpoints = (point: Failpoint, stream: string) => Promise<void> | undefined;

/** Lets an acknowledgement that was just written leave the process. */
const FLUSH_MS = 50;

export const noFailpoints: Failpoints = () => undefined;

export function failpointsOf(env: NodeJS.ProcessEnv): Failpoints {
  const folder = env["HOLDFAST_FAILPOINTS"];
  if (env["NODE_ENV"] !== "test" || !folder) return noFailpoints;
  const passed = new Map<Failpoint, number>();

  return (point, stream) => {
    const file = path.join(folder, point);
    const arming = readArming(file);
    if (!arming) {
      passed.delete(point);
      return undefined;
    }
    if (arming.stream !== undefined && !stream.endsWith(arming.stream)) return undefined;
    const count = passed.get(point) ?? 0;
    passed.set(point, count + 1);
    if (count < (arming.skip ?? 0)) return undefined;
    switch (point) {
      case "append-enospc":
        throw Object.assign(new Error("could not extend file: No space left on device"), { code: "53100" });
      case "after-commit-before-ack":
        rmSync(file);
        return killEngine();
      case "between-commit-and-fanout":
        rmSync(file);
        return new Promise((resolve) => setTimeout(resolve, FLUSH_MS)).then(killEngine);
    }
  };
}

function killEngine(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;); // Blocks until the signal arrives, so that no more code runs.
}

function readArming(file: string): Arming | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Arming;
  } catch {
    return undefined; // The point is not armed.
  }
}
