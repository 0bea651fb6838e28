// Plain JavaScript, so that it starts at once. Its only job begins when the process that holds the other end of stdin is
// gone without having stopped what it started. Lines: `+ <pid>` and `- <pid>` for process groups, `postgres <folder>`.
import { readFileSync } from "node:fs";
import path from "node:path";

const groups = new Set();
const clusters = new Set();
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
    if (verb === "postgres") clusters.add(words.join(" "));
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
  for (const folder of clusters) {
    try {
      kill(Number(readFileSync(path.join(folder, "postmaster.pid"), "utf8").split("\n")[0]), signal);
    } catch {
      // No such file: it has stopped.
    }
  }
}

function kill(pid, signal) {
  if (!pid || Number.isNaN(pid)) return;
  try {
    process.kill(process.platform === "win32" ? Math.abs(pid) : pid, signal);
  } catch {
    // Already gone.
  }
}
