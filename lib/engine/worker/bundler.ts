/**
 * Turns the task files into one self-contained worker bundle per version. A version is the hash of its content, so an
 * edit that changes nothing makes no new version, and a live run keeps the folder it was started from.
 */
import { createHash } from "node:crypto";
import { existsSync, watch, type FSWatcher } from "node:fs";
import { lstat, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  build,
  formatMessages,
  type BuildFailure,
  type BuildOptions,
  type BuildResult,
  type Message,
  type Plugin,
} from "esbuild";
import type { WorkerLog } from "./worker-host";

export type Bundle = { version: string; file: string };

export type Bundler = {
  /** The newest bundle that built. */
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

const settleMs = 120;
const sourceFile = /\.[cm]?[jt]sx?$/;
const notATask = /(\.(test|spec)\.[cm]?[jt]sx?|\.d\.[cm]?ts)$/;

/** Rejects when the task files do not build; while watching it waits for them to be mended instead. */
export async function createBundler(options: BundlerOptions): Promise<Bundler> {
  const { log } = options;
  const projectDir = path.resolve(options.projectDir);
  const tasksDir = path.resolve(options.tasksDir);
  const outDir = path.resolve(options.outDir);
  if (!existsSync(tasksDir)) {
    throw new Error(`The tasks folder ${tasksDir} does not exist: create it, or name another with --tasks.`);
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
      follow([tasksDir, ...failedFolders(error)]);
      throw new Error(await readable(error), { cause: error });
    }
    broken = false;
    inputs = new Set(result.inputs);
    follow([tasksDir, ...result.inputs.map((file) => path.dirname(file))]);
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

  function follow(folders: string[]) {
    if (!options.watch || closed) return;
    for (const folder of new Set(folders)) {
      if (watchers.has(folder) || !existsSync(folder)) continue;
      try {
        const watcher = watch(folder, (_event, name) => changed(folder, name));
        watcher.on("error", () => forget(folder));
        watchers.set(folder, watcher);
      } catch (error) {
        log("warn", `Not watching ${folder} (${(error as Error).message}): restart after changing it.`);
      }
    }
  }

  function forget(folder: string) {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  }

  function changed(folder: string, name: string | null) {
    const file = path.join(folder, name ?? "");
    // After a failure anything may be the mend: a missing import that appears, a new folder.
    const matters = !name || inputs.has(file) || broken || (folder === tasksDir && isTaskFile(name));
    if (!matters || closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      building = building.then(rebuild).catch((error: unknown) => {
        log(
          "error",
          `The tasks do not build, still running the previous version. ${(error as Error).message}`,
        );
      });
    }, settleMs);
  }

  try {
    await rebuild();
  } catch (error) {
    if (!options.watch) throw error;
    log("error", `The tasks do not build, waiting for a change. ${(error as Error).message}`);
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
          log("warn", `Could not remove old bundle: ${error.message}`),
        );
      };
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      for (const folder of watchers.keys()) forget(folder);
      await building;
    },
  };
}

async function buildWorker({
  projectDir,
  tasksDir,
  outDir,
}: Record<"projectDir" | "tasksDir" | "outDir", string>) {
  const names = (await readdir(tasksDir)).filter(isTaskFile).toSorted();
  if (names.length === 0) throw new Error(`No task files in ${tasksDir}.`);

  const result = await buildWithout([], {
    stdin: {
      contents: entry(names, { projectDir, tasksDir }),
      resolveDir: projectDir,
      sourcefile: "worker-entry.js",
    },
    absWorkingDir: projectDir,
    // Source map paths are relative to the final folder, whose name is not known yet.
    outfile: path.join(outDir, "version", "worker.mjs"),
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "external",
    sourcesContent: false,
    legalComments: "none",
    logLevel: "silent",
    nodePaths: [path.join(projectDir, "node_modules")],
    tsconfig: path.join(projectDir, "tsconfig.json"),
    banner: {
      js: `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`,
    },
    plugins: [projectAlias(projectDir), leaveOutNativeAddons()],
  });
  const code = outputOf(result, ".mjs");
  return {
    code,
    map: outputOf(result, ".map"),
    version: createHash("sha256").update(code).digest("hex").slice(0, 16),
    inputs: Object.keys(result.metafile.inputs)
      .map((file) => path.resolve(projectDir, file))
      .filter((file) => !isInstalled(file)),
  };
}

/**
 * Packages reach for optional peers that are not installed: those stay imports, which fail only when they are used.
 * Learned from the failure, because asking a plugin about each import costs half a second per build.
 */
async function buildWithout(missing: string[], options: BuildOptions & { write: false; metafile: true }) {
  try {
    return await build({ ...options, external: missing });
  } catch (error) {
    const found = failures(error).map(missingPeer);
    if (found.length === 0 || found.includes(undefined)) throw error;
    return buildWithout([...missing, ...found.filter((name) => name !== undefined)], options);
  }
}

function missingPeer({ text, location }: Message) {
  const name = /^Could not resolve "([^."/][^"]*)"/.exec(text)?.[1];
  return location && isInstalled(location.file) ? name : undefined;
}

/** Each task file is loaded by name, because the catalog wants to know which file a task came from. */
function entry(names: string[], { projectDir, tasksDir }: { projectDir: string; tasksDir: string }) {
  const files = names.map((name) => {
    const file = path.join(tasksDir, name);
    const shown = path.relative(projectDir, file).replaceAll(path.sep, "/");
    return `{ filePath: ${JSON.stringify(shown)}, load: () => import(${JSON.stringify(file)}) }`;
  });
  const worker = path.join(import.meta.dirname, "worker.ts");
  return `import { startWorker } from ${JSON.stringify(worker)};
void startWorker([${files.join(", ")}], Number(process.argv[2]));`;
}

function outputOf(result: BuildResult<{ write: false }>, extension: string) {
  return result.outputFiles.find((file) => file.path.endsWith(extension))!.text;
}

/** `@/*` of the project's tsconfig, also for task files that lie outside the project. */
function projectAlias(projectDir: string): Plugin {
  return {
    name: "project-alias",
    setup(builder) {
      builder.onResolve({ filter: /^@\// }, ({ path: specifier, kind }) =>
        builder.resolve(`./${specifier.slice(2)}`, { resolveDir: projectDir, kind }),
      );
    },
  };
}

function leaveOutNativeAddons(): Plugin {
  return {
    name: "leave-out-native-addons",
    setup(builder) {
      builder.onResolve({ filter: /\.node$/ }, ({ path: specifier, resolveDir }) => ({
        path: specifier.startsWith(".") ? path.resolve(resolveDir, specifier) : specifier,
        external: true,
      }));
    },
  };
}

/** What the bundle leaves out is looked up from the bundle's own folder, which may lie outside the project. */
async function prepareOutDir(outDir: string, projectDir: string) {
  await mkdir(outDir, { recursive: true });
  const inside = !path.relative(projectDir, outDir).startsWith("..");
  const link = path.join(outDir, "node_modules");
  if (inside || (await lstat(link).catch(() => undefined))) return;
  await symlink(path.join(projectDir, "node_modules"), link, "junction");
}

/** Folders of engines that were killed. */
async function discardLeftovers(outDir: string, current: string) {
  for (const name of await readdir(outDir)) {
    if (!/^[0-9a-f]{16}$/.test(name) || name === current) continue;
    await rm(path.join(outDir, name), { recursive: true, force: true });
  }
}

function isInstalled(file: string) {
  return /[\\/]?node_modules[\\/]/.test(file);
}

function isTaskFile(name: string) {
  return sourceFile.test(name) && !notATask.test(name);
}

function failures(error: unknown): Message[] {
  return (error as Partial<BuildFailure>).errors ?? [];
}

function failedFolders(error: unknown) {
  return failures(error).flatMap(({ location }) =>
    location ? [path.dirname(path.resolve(location.file))] : [],
  );
}

async function readable(error: unknown) {
  const messages = failures(error);
  if (messages.length === 0) return (error as Error).message;
  const [first] = await formatMessages(messages.slice(0, 1), { kind: "error", color: false });
  const more = messages.length > 1 ? `\n(and ${messages.length - 1} more)` : "";
  return `${first!.trim()}${more}`;
}
