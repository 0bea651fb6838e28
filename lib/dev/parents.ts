/** Notices when npm is killed with `kill -9`, which forwards no signal to its child. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Calls back once when the process that started this one is gone. Returns a function that stops the watch. */
export function watchParents(onGone: () => void) {
  const parent = process.ppid;
  const viaScript = process.env.npm_lifecycle_event !== undefined;
  const inShell = isShell(parent);
  // A person's shell may end while a `nohup` process keeps running; the shell between npm and this process may not.
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
