// Stops the children of a supervisor that was killed: it acts when the other end of stdin closes. Lines on stdin:
// `+ <pid>` and `- <pid>` for process groups, `postgres <folder>` and `no-postgres <folder>` for databases. It is plain
// JavaScript, so that it starts at once.
import { readFileSync } from "node:fs";
import path from "node:path";

const owner = process.ppid;
const groups = new Set();
const clusters = new Map();
const graceMs = 4000;

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
  // A server that was starting when its parent died writes its pid file later, so the file is read repeatedly.
  stopClusters("SIGINT");
  const again = setInterval(() => stopClusters("SIGINT"), 500);
  setTimeout(() => {
    clearInterval(again);
    for (const pid of groups) kill(-pid, "SIGKILL");
    stopClusters("SIGKILL");
    process.exit(0);
  }, graceMs);
}

/** Killing a server loses nothing that was committed; its next start takes longer. */
function stopClusters(signal) {
  for (const [folder, knownPid] of clusters) {
    const pid =
      knownPid ?? (isTakenOver(folder) ? undefined : firstNumber(path.join(folder, "postmaster.pid")));
    clusters.set(folder, pid);
    kill(pid, signal);
  }
}

/** True if Holdfast was started again in this folder: the server that starts now belongs to that process. */
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
    // The process is gone already.
  }
}
