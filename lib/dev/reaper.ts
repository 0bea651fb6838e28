/** A `kill -9` of the supervisor gives it no chance to stop its children; a process beside it does that instead. */
import { spawn } from "node:child_process";
import path from "node:path";

export type Reaper = {
  /** A process group: the child must have been spawned `detached`. */
  add: (pid: number) => void;
  remove: (pid: number) => void;
  /** Named before its server starts, so that no moment is left in which the server could be orphaned. */
  addCluster: (folder: string) => void;
  removeCluster: (folder: string) => void;
  /** Call when everything is stopped. */
  close: () => void;
};

export function startReaper(): Reaper {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "reaper-process.mjs")], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  // Without it only a `kill -9` leaves something behind, which is no reason to stop now.
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  const write = (line: string) => void child.stdin.write(`${line}\n`);
  return {
    add: (pid) => write(`+ ${pid}`),
    remove: (pid) => write(`- ${pid}`),
    addCluster: (folder) => write(`postgres ${folder}`),
    removeCluster: (folder) => write(`no-postgres ${folder}`),
    close: () => void child.stdin.end(),
  };
}
