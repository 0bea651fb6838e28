/** npm killed with `kill -9` forwards no signal: its child has to notice by itself. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Calls back once when a process that we run on behalf of is gone. Returns how to stop looking. */
export function watchParents(onGone: () => void) {
  const parent = process.ppid;
  const viaScript = process.env.npm_lifecycle_event !== undefined;
  const inShell = isShell(parent);
  // A shell of a person may end while what it started with `nohup` goes on; the one between npm and us may not.
  if (parent <= 1 || (inShell && !viaScript)) return () => {};
  const grandparent = inShell ? parentOf(parent) : undefined;

  const timer = setInterval(() => {
    const alive = process.ppid === parent && (grandparent === undefined || isParent(grandparent, parent));
    if (alive) return;
    clearInterval(timer);
    onGone();
  }, 1000).unref();
  return () => clearInterval(timer);
}

function isParent(grandparent: number, parent: number) {
  const now = process.platform === "linux" ? parentOf(parent) : undefined;
  if (now !== undefined) return now === grandparent;
  try {
    process.kill(grandparent, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function parentOf(pid: number) {
  try {
    if (process.platform !== "linux") return Number(ps(pid, "ppid")) || undefined;
    // The command between the parentheses may hold anything, so count from the last one.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

function isShell(pid: number) {
  try {
    const name = process.platform === "linux" ? readFileSync(`/proc/${pid}/comm`, "utf8") : ps(pid, "comm");
    return /(^|\/)-?(ba|da|z|k|fi|a)?sh$/.test(name.trim());
  } catch {
    return false;
  }
}

function ps(pid: number, column: string) {
  return execFileSync("ps", ["-o", `${column}=`, "-p", String(pid)], { encoding: "utf8" }).trim();
}
