/** One esbuild run: the task files and the worker's entry become one self-contained file. */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import path from "node:path";
import {
  build,
  type BuildFailure,
  type BuildOptions,
  type BuildResult,
  formatMessages,
  type Message,
  type Plugin,
} from "esbuild";

const sourceFile = /\.[cm]?[jt]sx?$/;
const notATask = /(\.(test|spec)\.[cm]?[jt]sx?|\.d\.[cm]?ts)$/;

export async function buildWorker({
  projectDir,
  tasksDir,
  outDir,
}: Record<"projectDir" | "tasksDir" | "outDir", string>) {
  const names = (await readdir(tasksDir)).filter(isTaskFile).toSorted();
  if (names.length === 0) throw new Error(`No task files in ${tasksDir}.`);

  const result = await buildWithout([], {
    stdin: {
      contents: entrySource(names, { projectDir, tasksDir }),
      resolveDir: projectDir,
      sourcefile: "worker-entry.js",
    },
    absWorkingDir: projectDir,
    // Source map paths are relative to the final folder. Its name, a hash, is not known yet, but its depth is.
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
 * Leaves optional peers that are not installed as imports, which fail only when they are used. It learns their names from
 * a failed build, because a plugin that checks each import costs half a second per build.
 */
async function buildWithout(missing: string[], options: BuildOptions & { write: false; metafile: true }) {
  try {
    return await build({ ...options, external: missing });
  } catch (error) {
    const peers = failures(error).map(missingPeer);
    if (peers.length === 0 || peers.includes(undefined)) throw error;
    return buildWithout([...missing, ...peers.filter((name) => name !== undefined)], options);
  }
}

function missingPeer({ text, location }: Message) {
  const name = /^Could not resolve "([^."/][^"]*)"/.exec(text)?.[1];
  return location && isInstalled(location.file) ? name : undefined;
}

/** Imports each task file by name, because the SDK's catalog records the file of every task. */
function entrySource(names: string[], { projectDir, tasksDir }: { projectDir: string; tasksDir: string }) {
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

/** Resolves `@/*` as the project's tsconfig does, also for task files outside the project. */
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

function isInstalled(file: string) {
  return /[\\/]?node_modules[\\/]/.test(file);
}

export function isTaskFile(name: string) {
  return sourceFile.test(name) && !notATask.test(name);
}

function failures(error: unknown): Message[] {
  return (error as Partial<BuildFailure>).errors ?? [];
}

export function failedFolders(error: unknown) {
  return failures(error).flatMap(({ location }) =>
    location ? [path.dirname(path.resolve(location.file))] : [],
  );
}

export async function describeFailure(error: unknown) {
  const messages = failures(error);
  if (messages.length === 0) return (error as Error).message;
  const [first] = await formatMessages(messages.slice(0, 1), { kind: "error", color: false });
  const more = messages.length > 1 ? `\n(and ${messages.length - 1} more)` : "";
  return `${first!.trim()}${more}`;
}
