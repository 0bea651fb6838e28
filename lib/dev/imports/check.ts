// Which folder may import what, types included. Part of `npm run check`.

import path from "node:path";
import { fileURLToPath } from "node:url";
import { circlesIn, closureOf, type ImportGraph, readImportGraph } from "./graph";

type Rule = {
  /** The folder or file whose imports it is about. */
  of: string;
  /** Folders and files of ours that it may import, besides itself. Without it all but `never`. */
  only?: string[];
  never?: string[];
  /** Packages that it may not import. */
  packages?: RegExp;
  because: string;
};

/** What the engine shares with the app. None of it knows a chat. */
const NEUTRAL = [
  "lib/engine-paths",
  "lib/engine-limits",
  "lib/inspected",
  "lib/env",
  "lib/db/embedded-postgres",
  "lib/http/addresses",
];

export const RULES: Rule[] = [
  { of: "app", never: ["trigger", "e2e"], because: "what the app shares with the worker is in lib" },
  {
    of: "components/chat",
    only: ["components/ui", "lib/utils"],
    packages: /^(next($|\/)|server-only$|@trigger\.dev\/sdk\/ai)/,
    because: "the kit is copied into other apps",
  },
  {
    of: "components/ui",
    only: ["lib/utils"],
    packages: /^(next($|\/)|server-only$|@trigger\.dev)/,
    because: "the kit is copied into other apps",
  },
  {
    of: "lib",
    never: ["app", "components", "trigger", "e2e"],
    because: "imports point from app and trigger to lib",
  },
  {
    of: "lib/chat",
    never: ["lib/auth", "lib/engine", "lib/dev"],
    packages: /^(server-only$|next($|\/))/,
    because: "the worker imports it",
  },
  {
    of: "lib/agent",
    never: ["lib/auth", "lib/engine", "lib/dev"],
    packages: /^(server-only$|next($|\/))/,
    because: "the worker imports it",
  },
  {
    of: "lib/engine",
    only: NEUTRAL,
    because: "the engine knows sessions and records, not chats, and can be deleted",
  },
  {
    of: "trigger",
    never: ["app", "components", "e2e", "lib/auth", "lib/engine", "lib/dev"],
    packages: /^(server-only$|next($|\/))/,
    because: "it runs in the worker",
  },
];

/** Internals of a package, and the one file that may know them. */
const INTERNALS = [
  { packages: /^@trigger\.dev\/core\/v3\/(workers|tracer)/, only: "lib/engine/worker/worker.ts" },
];

const MOST_FILES = 25;

/** One sentence per broken rule, naming the file, the import and the rule. */
export function checkImports(root: string, rules = RULES): string[] {
  const graph = readImportGraph(root);
  return [
    ...[...graph].flatMap(([file, { imports }]) =>
      rules.flatMap((rule) => imports.flatMap((each) => breaks(rule, file, each) ?? [])),
    ),
    ...internals(graph),
    ...circlesIn(graph).map((files) => `Import circle, types included: ${files.join(" ↔ ")}`),
    ...settingsInBrowser(graph),
    ...largeFolders(graph),
  ];
}

function breaks(rule: Rule, file: string, { specifier, file: target }: { specifier: string; file?: string }) {
  const isTest = /\.(test|spec)\.tsx?$/.test(file);
  if (!isIn(file, rule.of)) return undefined;
  const says = (what: string) => [
    `${file} imports "${specifier}": ${rule.of} ${what}, because ${rule.because}.`,
  ];
  if (target === undefined)
    return !isTest && rule.packages?.test(specifier) ? says("does without this package") : undefined;
  if (isIn(target, rule.of)) return undefined;
  // A test may look at more than what it tests, but the app's and the library's know no worker either.
  const never = isTest
    ? rule.never?.filter((each) => each === "trigger" && rule.of !== "trigger")
    : rule.never;
  const found = never?.find((each) => isIn(target, each));
  if (found) return says(`never imports ${found}, types included`);
  if (!isTest && rule.only && !rule.only.some((each) => isIn(target, each)))
    return says(`imports nothing of ours but ${[...rule.only, "itself"].join(", ")}`);
  return undefined;
}

function isIn(file: string, place: string): boolean {
  return file.startsWith(`${place}/`) || file.replace(/\.\w+$/, "") === place;
}

function internals(graph: ImportGraph): string[] {
  return [...graph].flatMap(([file, { imports }]) =>
    imports.flatMap(({ specifier }) =>
      INTERNALS.filter(({ packages, only }) => packages.test(specifier) && file !== only).map(
        ({ only }) => `${file} imports "${specifier}": only ${only} knows these internals.`,
      ),
    ),
  );
}

/** What a client component imports at run time is sent to the browser, up to a server action. */
function settingsInBrowser(graph: ImportGraph): string[] {
  return [...graph].flatMap(([file, { directive }]) => {
    if (directive !== "use client") return [];
    const sent = closureOf(
      graph,
      file,
      (each, from) => !each.isType && graph.get(from)?.directive !== "use server",
    );
    return sent.includes("lib/env.ts")
      ? [`${file} brings lib/env.ts into the browser: a client component imports no settings.`]
      : [];
  });
}

function largeFolders(graph: ImportGraph): string[] {
  const sizes = new Map<string, number>();
  for (const file of graph.keys()) {
    const folder = path.posix.dirname(file);
    sizes.set(folder, (sizes.get(folder) ?? 0) + 1);
  }
  return [...sizes]
    .filter(([, size]) => size > MOST_FILES)
    .map(([folder, size]) => `${folder} holds ${size} files: a folder holds at most ${MOST_FILES}.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkImports(process.cwd());
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
