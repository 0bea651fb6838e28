/**
 * Keeps one worker bundle per version of the task files, and rebuilds it when they change. A version is the hash of the
 * bundle, so an edit that changes nothing makes no new version, and a live run keeps the folder it was started from.
 */
import { existsSync, type FSWatcher, watch } from "node:fs";
import { lstat, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { buildWorker, describeFailure, failedFolders, isTaskFile } from "./build-worker";
import type { WorkerLog } from "./worker-host";

export type Bundle = { version: string; file: string };

export type Bundler = {
  /** Returns the newest bundle that was built. */
  current(): Bundle;
  onChange(listener: (bundle: Bundle) => void): () => void;
  /** Keeps the bundle's folder until the returned function is called. */
  retain(bundle: Bundle): () => void;
  close(): Promise<void>;
};

export type BundlerOptions = {
  projectDir: string;
  tasksDir: string;
  outDir: string;
  log: WorkerLog;
  /** Rebuild when a file of the bundle changes or a task file appears. Off in production. */
  watch?: boolean;
};

/** Editors write a file in several steps, so a rebuild waits until they are done. */
const quietMs = 120;

/** Rejects when the task files do not build. While watching it waits for a fix instead. */
export async function createBundler(options: BundlerOptions): Promise<Bundler> {
  const { log } = options;
  const projectDir = path.resolve(options.projectDir);
  const tasksDir = path.resolve(options.tasksDir);
  const outDir = path.resolve(options.outDir);
  if (!existsSync(tasksDir)) {
    throw new Error(
      `The tasks folder ${tasksDir} does not exist. Create it, or choose another with --tasks.`,
    );
  }
  await prepareOutDir(outDir, projectDir);

  const listeners = new Set<(bundle: Bundle) => void>();
  const users = new Map<string, number>();
  const watchers = new Map<string, FSWatcher>();
  let inputs = new Set<string>();
  let newest: Bundle | undefined;
  let broken = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let building: Promise<void> = Promise.resolve();

  async function rebuild() {
    let result: Awaited<ReturnType<typeof buildWorker>>;
    try {
      result = await buildWorker({ projectDir, tasksDir, outDir });
    } catch (error) {
      broken = true;
      watchFolders([tasksDir, ...failedFolders(error)]);
      throw new Error(await describeFailure(error), { cause: error });
    }
    broken = false;
    inputs = new Set(result.inputs);
    watchFolders([tasksDir, ...result.inputs.map((file) => path.dirname(file))]);
    if (closed || result.version === newest?.version) return;

    const file = path.join(outDir, result.version, "worker.mjs");
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(`${file}.map`, result.map);
    await writeFile(file, result.code);
    const previous = newest;
    newest = { version: result.version, file };
    for (const listener of listeners) listener(newest);
    if (previous) await discard(previous.version);
  }

  async function discard(version: string) {
    if (version === newest?.version || (users.get(version) ?? 0) > 0) return;
    await rm(path.join(outDir, version), { recursive: true, force: true });
  }

  function watchFolders(folders: string[]) {
    if (!options.watch || closed) return;
    for (const folder of new Set(folders)) {
      if (watchers.has(folder) || !existsSync(folder)) continue;
      try {
        const watcher = watch(folder, (_event, name) => changed(folder, name));
        watcher.on("error", () => unwatch(folder));
        watchers.set(folder, watcher);
      } catch (error) {
        log(
          "warn",
          `Changes in ${folder} go unnoticed (${(error as Error).message}). Restart after you change it.`,
        );
      }
    }
  }

  function unwatch(folder: string) {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  }

  function changed(folder: string, name: string | null) {
    const file = path.join(folder, name ?? "");
    // After a failure any change may be the fix: a missing file that appears, or a new folder.
    const matters = !name || inputs.has(file) || broken || (folder === tasksDir && isTaskFile(name));
    if (!matters || closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      building = building.then(rebuild).catch((error: unknown) => {
        log(
          "error",
          `The task files failed to build, so the previous version keeps running. ${(error as Error).message}`,
        );
      });
    }, quietMs);
  }

  try {
    await rebuild();
  } catch (error) {
    if (!options.watch) throw error;
    log(
      "error",
      `The task files failed to build. The engine starts once they are fixed. ${(error as Error).message}`,
    );
    await new Promise<void>((resolve) => listeners.add(() => resolve()));
    listeners.clear();
  }
  await discardLeftovers(outDir, newest!.version);

  return {
    current: () => newest!,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retain({ version }) {
      users.set(version, (users.get(version) ?? 0) + 1);
      let released = false;
      return () => {
        if (released) return;
        released = true;
        users.set(version, users.get(version)! - 1);
        discard(version).catch((error: Error) =>
          log("warn", `An old bundle could not be removed: ${error.message}`),
        );
      };
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      for (const folder of watchers.keys()) unwatch(folder);
      await building;
    },
  };
}

/** Node resolves the imports that a bundle leaves out from the bundle's own folder, which may be outside the project. */
async function prepareOutDir(outDir: string, projectDir: string) {
  await mkdir(outDir, { recursive: true });
  const inside = !path.relative(projectDir, outDir).startsWith("..");
  const link = path.join(outDir, "node_modules");
  if (inside || (await lstat(link).catch(() => undefined))) return;
  await symlink(path.join(projectDir, "node_modules"), link, "junction");
}

/** Removes the bundles of engines that were killed. */
async function discardLeftovers(outDir: string, current: string) {
  for (const name of await readdir(outDir)) {
    if (!/^[0-9a-f]{16}$/.test(name) || name === current) continue;
    await rm(path.join(outDir, name), { recursive: true, force: true });
  }
}
