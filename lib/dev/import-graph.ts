import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseSync, Visitor } from "oxc-parser";

export type Import = {
  /** As it is written: `@/lib/env`, `./draft`, `react`. */
  specifier: string;
  /** The file that it names, relative to the root, when it is one of ours. */
  file?: string;
};

/** Every source file of ours with all that it imports: static, re-exported, dynamic, and types. */
export type ImportGraph = Map<string, Import[]>;

const SOURCE = /\.(tsx?|mts|mjs)$/;
const NOT_OURS = new Set(["node_modules", ".next", ".data", ".git", "generated", "test-results"]);

/** Reads the imports of all source files below `root`. `@/` stands for the root. */
export function readImportGraph(root: string): ImportGraph {
  const files = new Set(listSources(root));
  return new Map([...files].map((file) => [file, importsOf(root, file, files)]));
}

/** All files that `file` pulls in, itself not counted, each with the file that first imports it. */
export function closureOf(graph: ImportGraph, file: string): Map<string, string> {
  const importedBy = new Map<string, string>([[file, file]]);
  for (const each of importedBy.keys())
    for (const { file: target } of graph.get(each) ?? [])
      if (target && !importedBy.has(target)) importedBy.set(target, each);
  importedBy.delete(file);
  return importedBy;
}

export function isTest(file: string): boolean {
  return /\.(test|spec)\.tsx?$/.test(file) || file.startsWith("e2e/");
}

function listSources(root: string, folder = ""): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      if (NOT_OURS.has(entry.name)) return [];
      const file = path.posix.join(folder, entry.name);
      if (entry.isDirectory()) return listSources(root, file);
      return SOURCE.test(entry.name) ? [file] : [];
    })
    .toSorted();
}

function importsOf(root: string, file: string, files: Set<string>): Import[] {
  const specifiers = specifiersIn(file, readFileSync(path.join(root, file), "utf8"));
  return specifiers.map((specifier) => {
    const target = resolve(file, specifier, files);
    return target === undefined ? { specifier } : { specifier, file: target };
  });
}

function specifiersIn(file: string, code: string): string[] {
  const found = new Set<string>();
  const { program, errors } = parseSync(file, code);
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const add = ({ source }: { source: unknown }) => {
    const literal = source as { type: string; value?: unknown } | null;
    if (literal?.type === "Literal" && typeof literal.value === "string") found.add(literal.value);
  };
  new Visitor({
    ImportDeclaration: add,
    ExportNamedDeclaration: add,
    ExportAllDeclaration: add,
    ImportExpression: add,
    TSImportType: add,
  }).visit(program);
  return [...found];
}

function resolve(from: string, specifier: string, files: Set<string>): string | undefined {
  const base = specifier.startsWith("@/")
    ? specifier.slice(2)
    : specifier.startsWith(".")
      ? path.posix.join(path.posix.dirname(from), specifier)
      : undefined;
  if (base === undefined) return undefined;
  return ["", ".ts", ".tsx", ".mjs", "/index.ts", "/index.tsx"]
    .map((ending) => `${base}${ending}`)
    .find((candidate) => files.has(candidate));
}
