// Plain JavaScript, so that it starts at once. Its only job begins when the process that holds the other end of stdin is
// gone without having stopped what it started. Lines: `+ <pid>` and `- <pid>` for process groups, `postgres <folder>`.
import { readFileSync } from "node:fs";
import path from "node:path";

const owner = process.ppid;
const groups = new Set();
const clusters = new Map();
const lastWarningMs = 4000;

let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    const [verb, ...words] = line.split(" ");
    if (verb === "+") groups.add(Number(words[0]));
    if (verb === "-") groups.delete(Number(words[0]));
    if (verb === "postgres") clusters.set(words.join(" "), undefined);
    if (verb === "no-postgres") clusters.delete(words.join(" "));
  }
});
process.stdin.on("close", reap);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

function reap() {
  if (groups.size === 0 && clusters.size === 0) process.exit(0);
  for (const pid of groups) kill(-pid, "SIGTERM");
  // The server may have been on its way up when its parent died, so the file is looked at more than once.
  stopClusters("SIGINT");
  const again = setInterval(() => stopClusters("SIGINT"), 500);
  setTimeout(() => {
    clearInterval(again);
    for (const pid of groups) kill(-pid, "SIGKILL");
    stopClusters("SIGKILL");
    process.exit(0);
  }, lastWarningMs);
}

/** A killed server leaves nothing but a longer start: its log holds everything that was committed. */
function stopClusters(signal) {
  for (const [folder, known] of clusters) {
    const pid = known ?? (isTakenOver(folder) ? undefined : firstNumber(path.join(folder, "postmaster.pid")));
    clusters.set(folder, pid);
    kill(pid, signal);
  }
}

/** Somebody has started again in this folder: the server that comes up now is theirs. */
function isTakenOver(folder) {
  const pid = firstNumber(path.join(path.dirname(folder), "holdfast.lock"));
  return pid !== undefined && pid !== owner;
}

/** The first line of `postmaster.pid`, and the first value of the lock, is a process id. */
function firstNumber(file) {
  try {
    return Number(/\d+/.exec(readFileSync(file, "utf8"))?.[0]) || undefined;
  } catch {
    return undefined;
  }
}

function kill(pid, signal) {
  if (!pid) return;
  try {
    process.kill(process.platform === "win32" ? Math.abs(pid) : pid, signal);
  } catch {
    // Already gone.
  }
}
