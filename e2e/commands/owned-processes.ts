/** Which processes a run of `contain.ts` has started, however they were started. */
import { execFileSync } from "node:child_process";

/** `text` is the command, followed by the environment where the operating system shows it. */
export type OwnedProcess = { pid: number; parent: number; text: string };

/**
 * Processes with this `NAME=value` in their environment, those in `known`, and the descendants of both. A child inherits
 * the environment of its parent, also when the parent is gone. PostgreSQL writes its title over its own, so only its
 * parents tell whose it is: call this before they end, and pass on what it found.
 */
export function ownedProcesses(mark: string, known: Iterable<number> = []): OwnedProcess[] {
  const all = allProcesses();
  const owned = new Set(known);
  for (const { pid, text } of all) if (text.includes(mark)) owned.add(pid);
  for (let before = -1; before !== owned.size;) {
    before = owned.size;
    for (const { pid, parent } of all) if (owned.has(parent)) owned.add(pid);
  }
  return all.filter(({ pid }) => owned.has(pid));
}

/** A process that has ended and waits for its parent to notice is left out. */
function allProcesses(): OwnedProcess[] {
  const options = { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
  return execFileSync("ps", ["axeww", "-o", "pid=,ppid=,stat=,command="], options)
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, , , state]) => !state!.startsWith("Z"))
    .map(([, pid, parent, , text]) => ({ pid: Number(pid), parent: Number(parent), text: text! }));
}
