/** One Holdfast per data folder: two would fight over the database and answer each message twice. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Problem } from "./problem";

export type Lock = {
  /** The last owner did not leave in order: what it had started may still be leaving. */
  tookOver: boolean;
  update: (fields: Pick<Holder, "url" | "stopping">) => void;
  release: () => void;
};

type Holder = { pid: number; started: string; url?: string; stopping?: boolean };

const stoppingPatienceMs = 20_000;
const settleMs = 50;

export async function acquireLock(dataDir: string): Promise<Lock> {
  const file = path.join(dataDir, "holdfast.lock");
  let holder: Holder = { pid: process.pid, started: new Date().toISOString() };
  let tookOver = false;
  prepareFolder(dataDir);

  const deadline = Date.now() + stoppingPatienceMs;
  while (!create(file, holder)) {
    const other = read(file);
    if (!other || !isOurs(other.pid)) {
      tookOver = true;
      rmSync(file, { force: true });
      continue;
    }
    if (!other.stopping || Date.now() > deadline) throw new Problem(alreadyRunning(other));
    await delay(100);
  }
  if (tookOver) {
    // Somebody else may have found the same dead lock and removed ours with it. Whoever is left in the file has it.
    await delay(settleMs);
    const winner = read(file);
    if (winner?.pid !== process.pid)
      throw new Problem(winner ? alreadyRunning(winner) : "Another start was faster.");
  }

  return {
    tookOver,
    update(fields) {
      if (read(file)?.pid !== process.pid) return;
      holder = { ...holder, ...fields };
      writeFileSync(`${file}.new`, JSON.stringify(holder));
      renameSync(`${file}.new`, file);
    },
    release() {
      if (read(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

/** Who holds the folder, or undefined. Touches nothing. */
export function lockHolder(dataDir: string) {
  const holder = read(path.join(dataDir, "holdfast.lock"));
  return holder && isOurs(holder.pid) ? holder : undefined;
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
          `${shown} is a file, but Holdfast keeps its data in a folder of that name: move the file away.`,
        );
      case "EACCES":
      case "EPERM":
      case "EROFS":
        throw new Problem(
          `${shown} cannot be written: give yourself the right to (chown, chmod), or choose another folder with --data-dir.`,
        );
      case "ENOSPC":
        throw new Problem(`The disk is full, and ${shown} needs room for the database: make some.`);
      default:
        throw new Problem(
          `${shown} cannot be used (${message}): mend that, or choose another folder with --data-dir.`,
        );
    }
  }
}

/** Not `recursive`: Node's own loops for ever where a folder exists but takes no children, as under /proc. */
function makeFolders(folder: string) {
  if (existsSync(folder)) return;
  makeFolders(path.dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function create(file: string, holder: Holder) {
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function read(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as Partial<Holder>;
    return typeof holder.pid === "number" ? (holder as Holder) : undefined;
  } catch {
    // Gone since, or cut off by a power failure: nobody to respect in either case.
    return undefined;
  }
}

/** The number of a dead owner may belong to anybody today, in a container even to our own shell. */
function isOurs(pid: number) {
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
    // Without `ps` (Windows, slim containers) a living process gets the benefit of the doubt.
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
