/** Stops the children of a supervisor that was killed with `kill -9`. It is a separate process. */
import { spawn } from "node:child_process";
import path from "node:path";

export type Reaper = {
  /** Adds a process group; the child must have been spawned `detached`. */
  add: (pid: number) => void;
  remove: (pid: number) => void;
  /** Adds a PostgreSQL folder. Call before its server starts, so that the server can never be orphaned. */
  addCluster: (folder: string) => void;
  removeCluster: (folder: string) => void;
  /** Call after everything has stopped. */
  close: () => void;
};

export function startReaper(): Reaper {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "reaper-process.mjs")], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  // Without the reaper only a `kill -9` leaves processes behind, so its failure is ignored.
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
