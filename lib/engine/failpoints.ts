/**
 * Places where a fault test breaks the engine. A point is armed by a file of its name in the folder that
 * HOLDFAST_FAILPOINTS names, and that variable is read in a test build (NODE_ENV=test) only.
 */
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";

export type Failpoint = "after-commit-before-ack" | "between-commit-and-fanout" | "append-enospc";

/** What an armed file says, as JSON. */
export type Arming = {
  /** Only for streams whose name ends so, for example `/out`. */
  stream?: string;
  /** How many more times the engine passes unharmed. */
  skip?: number;
};

/** Called where the engine passes the point. Undefined: nothing happens, and nothing is to be waited for. */
export type Failpoints = (point: Failpoint, stream: string) => Promise<void> | undefined;

/** What was acknowledged a moment ago may still be on its way out. */
const LAST_WORDS_MS = 50;

export const noFailpoints: Failpoints = () => undefined;

export function failpointsOf(env: NodeJS.ProcessEnv): Failpoints {
  const folder = env["HOLDFAST_FAILPOINTS"];
  if (env["NODE_ENV"] !== "test" || !folder) return noFailpoints;
  const passed = new Map<Failpoint, number>();

  return (point, stream) => {
    const file = path.join(folder, point);
    const arming = read(file);
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
        return die();
      case "between-commit-and-fanout":
        rmSync(file);
        return new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS)).then(die);
    }
  };
}

function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;); // The signal is on its way; nothing more may happen here.
}

function read(file: string): Arming | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Arming;
  } catch {
    return undefined; // Not armed.
  }
}
