/** What can go wrong in a worker, armed from outside by a file in the folder that HOLDFAST_FAILPOINTS names. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

export type WorkerFault =
  | "save-fails"
  | "tool-exits"
  | "tool-runs-out-of-memory"
  | "tool-hangs"
  | `effect-${string}`;

/** True as many times as the file says (once, when it says nothing), over all workers together. */
export function strikes(fault: WorkerFault): boolean {
  const file = path.join(process.env.HOLDFAST_FAILPOINTS ?? "", fault);
  let times: number;
  try {
    times = (JSON.parse(readFileSync(file, "utf8")) as { times?: number }).times ?? 1;
  } catch {
    return false; // Not armed.
  }
  if (times <= 1) rmSync(file, { force: true });
  else writeFileSync(file, JSON.stringify({ times: times - 1 }));
  return true;
}
