/** What Linux says about a process. Elsewhere these benches say that they need it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const TICK_MS = 10;

/** Processor time used so far, in milliseconds (the kernel counts in steps of 10). */
export function cpuMs(pid: number): number {
  const fields = statOf(pid).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** The same with its children, the ended ones too: PostgreSQL works in a process per connection. */
export function cpuMsWithChildren(pid: number): number {
  const fields = statOf(pid).split(" ");
  const ended = (Number(fields[13]) + Number(fields[14])) * TICK_MS;
  return cpuMs(pid) + ended + childrenOf(pid).reduce((sum, child) => sum + cpuOrZero(child.pid), 0);
}

/** Memory that would come back if the process ended: its own, and its share of what it shares. */
export function proportionalMb(pid: number): number {
  const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
  return Number(pss) / 1024;
}

export function childrenOf(parent: number): Array<{ pid: number; command: string }> {
  return execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && Number(match[2]) === parent)
    .map((match) => ({ pid: Number(match![1]), command: match![3]! }));
}

/** The fields after the command's name, which may itself contain spaces. */
function statOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "");
}

function cpuOrZero(pid: number): number {
  try {
    return cpuMs(pid);
  } catch {
    return 0; // It ended while we looked.
  }
}
