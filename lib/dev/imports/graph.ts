import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseSync, Visitor } from "oxc-parser";

export type Import = {
  /** As it is written: `@/lib/env`, `./draft`, `react`. */
  specifier: string;
  /** The file that it names, relative to the root, when it is one of ours. */
  file?: string;
  /** Nothing of it is left at run time. */
  isType: boolean;
};

type SourceFile = { imports: Import[]; directive?: "use client" | "use server" };

/** Every source file of ours, by its path from the root, with all that it imports: static, dynamic, and types. */
export type ImportGraph = Map<string, SourceFile>;

const SOURCE = /\.(tsx?|mts|mjs)$/;
const NOT_OURS = new Set(["node_modules", ".next", ".data", ".git", "generated", "test-results"]);

/** Reads the imports of all source files below `root`. `@/` stands for the root. */
export function readImportGraph(root: string): ImportGraph {
  const files = new Set(listSources(root));
  return new Map([...files].map((file) => [file, readSource(root, file, files)]));
}

/** All files that `file` pulls in, itself not counted. */
export function closureOf(
  graph: ImportGraph,
  file: string,
  follow: (each: Import, from: string) => boolean = () => true,
): string[] {
  const found = new Set([file]);
  for (const from of found)
    for (const each of graph.get(from)?.imports ?? [])
      if (each.file !== undefined && follow(each, from)) found.add(each.file);
  found.delete(file);
  return [...found];
}

/** Groups of files that import each other, directly or not; types count. */
export function circlesIn(graph: ImportGraph): string[][] {
  const closures = new Map([...graph.keys()].map((file) => [file, new Set(closureOf(graph, file))]));
  const placed = new Set<string>();
  return [...graph.keys()].flatMap((file) => {
    if (placed.has(file)) return [];
    const others = [...closures.get(file)!].filter((other) => closures.get(other)?.has(file));
    for (const each of others) placed.add(each);
    const importsItself = graph.get(file)!.imports.some((each) => each.file === file);
    return others.length > 0 || importsItself ? [[file, ...others].toSorted()] : [];
  });
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

function readSource(root: string, file: string, files: Set<string>): SourceFile {
  const { program, errors } = parseSync(file, readFileSync(path.join(root, file), "utf8"));
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const imports = new Map<string, Import>();
  const add = (source: unknown, isType: boolean) => {
    const { type, value } = (source ?? {}) as { type?: string; value?: unknown };
    if (type !== "Literal" || typeof value !== "string") return;
    const target = resolve(file, value, files);
    imports.set(value, {
      specifier: value,
      ...(target !== undefined && { file: target }),
      isType: isType && imports.get(value)?.isType !== false,
    });
  };
  new Visitor({
    ImportDeclaration: ({ source, importKind, specifiers }) =>
      add(source, importKind === "type" || (specifiers.length > 0 && specifiers.every(isTypeSpecifier))),
    ExportNamedDeclaration: ({ source, exportKind }) => add(source, exportKind === "type"),
    ExportAllDeclaration: ({ source, exportKind }) => add(source, exportKind === "type"),
    ImportExpression: ({ source }) => add(source, false),
    TSImportType: ({ source }) => add(source, true),
  }).visit(program);
  const directive = program.body.flatMap((node) =>
    node.type === "ExpressionStatement" && "directive" in node && node.directive ? [node.directive] : [],
  )[0];
  return {
    imports: [...imports.values()],
    ...((directive === "use client" || directive === "use server") && { directive }),
  };
}

function isTypeSpecifier(specifier: { type: string; importKind?: string }): boolean {
  return specifier.type === "ImportSpecifier" && specifier.importKind === "type";
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
