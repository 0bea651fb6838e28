/** Locks a data folder: two Holdfast processes in one folder would answer each message twice. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Problem } from "./problem";

export type Lock = {
  /** True if the last owner was killed: processes that it had started may still be stopping. */
  tookOver: boolean;
  update: (fields: Pick<Holder, "url" | "stopping">) => void;
  release: () => void;
};

type Holder = { pid: number; started: string; url?: string; stopping?: boolean };

const stoppingTimeoutMs = 20_000;
const raceMs = 50;

export async function acquireLock(dataDir: string): Promise<Lock> {
  const file = path.join(dataDir, "holdfast.lock");
  let holder: Holder = { pid: process.pid, started: new Date().toISOString() };
  let tookOver = false;
  prepareFolder(dataDir);

  const deadline = Date.now() + stoppingTimeoutMs;
  while (!createFile(file, holder)) {
    const other = readHolder(file);
    if (!other || !isHoldfast(other.pid)) {
      tookOver = true;
      rmSync(file, { force: true });
      continue;
    }
    if (!other.stopping || Date.now() > deadline) throw new Problem(alreadyRunning(other));
    await delay(100);
  }
  if (tookOver) {
    // Another start may have removed this new lock together with the dead one. The process in the file has the lock.
    await delay(raceMs);
    const winner = readHolder(file);
    if (winner?.pid !== process.pid)
      throw new Problem(
        winner
          ? alreadyRunning(winner)
          : "Holdfast is being started by another process in this folder. Use that one, or try again.",
      );
  }

  return {
    tookOver,
    update(fields) {
      if (readHolder(file)?.pid !== process.pid) return;
      holder = { ...holder, ...fields };
      writeFileSync(`${file}.new`, JSON.stringify(holder));
      renameSync(`${file}.new`, file);
    },
    release() {
      if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

/** Returns the process that holds the folder, or undefined. Changes nothing. */
export function lockHolder(dataDir: string) {
  const holder = readHolder(path.join(dataDir, "holdfast.lock"));
  return holder && isHoldfast(holder.pid) ? holder : undefined;
}

function alreadyRunning({ pid, url }: Pick<Holder, "pid" | "url">) {
  const where = url
    ? `: ${url} (pid ${pid}). Open it, or stop it with: kill ${pid}`
    : ` (pid ${pid}). Stop it with: kill ${pid}`;
  return `Holdfast is already running in this folder${where}`;
}

function prepareFolder(dataDir: string) {
  const relative = path.relative(process.cwd(), dataDir);
  const shown = relative === "" || relative.startsWith("..") ? dataDir : relative;
  try {
    makeFolders(dataDir);
    const probe = path.join(dataDir, `.probe-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    switch (code) {
      case "EEXIST":
      case "ENOTDIR":
        throw new Problem(
          `${shown} is a file, but Holdfast needs a folder of that name. Move the file away.`,
        );
      case "EACCES":
      case "EPERM":
      case "EROFS":
        throw new Problem(
          `${shown} isn't writable. Give yourself write access (chown, chmod), or choose another folder with --data-dir.`,
        );
      case "ENOSPC":
        throw new Problem(`The disk is full, so the database in ${shown} can't start. Free some space.`);
      default:
        throw new Problem(
          `${shown} can't be used (${message}). Fix that, or choose another folder with --data-dir.`,
        );
    }
  }
}

/** Creates a folder and its parents. Node's `recursive` option never ends where a folder takes no children, as in /proc. */
function makeFolders(folder: string) {
  if (existsSync(folder)) return;
  makeFolders(path.dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function createFile(file: string, holder: Holder) {
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as Partial<Holder>;
    return typeof holder.pid === "number" ? (holder as Holder) : undefined;
  } catch {
    // The file is gone, or was truncated by a power failure; in both cases no process holds the lock.
    return undefined;
  }
}

/** True for a living Holdfast process. The pid of a dead one may have been reused, in a container even by our own shell. */
function isHoldfast(pid: number) {
  if (pid === process.pid || pid === process.ppid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  try {
    const command = execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
    return /lib[\\/]dev[\\/](start|engine)\b/.test(command);
  } catch (error) {
    // Without `ps` (Windows, slim containers) any living process counts as Holdfast.
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
