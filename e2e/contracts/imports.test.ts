import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

/** What a folder may never import at run time. Types cost nothing and may come from anywhere. */
const walls: Array<{ folder: string; never: RegExp; because: string }> = [
  {
    folder: "components",
    never:
      /^@\/(app|prisma|trigger|lib\/(db|env|auth|chat|engine|dev))|^server-only$|^@trigger\.dev\/sdk\/ai|^next\//,
    because: "the kit is copied into other apps",
  },
  {
    folder: "trigger",
    never: /^@\/(app|components|lib\/(auth|engine|dev))|^server-only$/,
    because: "it runs in the worker",
  },
  {
    folder: "lib/chat",
    never: /^@\/(app|components|trigger|lib\/(auth|engine|dev))|^server-only$/,
    because: "the worker imports it",
  },
  {
    folder: "lib/engine",
    never:
      /^@\/(?!lib\/(engine|engine-paths|inspected|env|db\/embedded-postgres|http\/addresses)(\/|$))|^(\.\.\/)+(?=app|chat|auth|agent|components|trigger)/,
    because: "it knows sessions and records, not chats, and can be deleted",
  },
];

describe("imports point one way", () => {
  it.each(walls)("$folder: $because", ({ folder, never }) => {
    const files = sources(folder);
    expect(files.length).toBeGreaterThan(3);
    const wrong = files.flatMap((file) =>
      runtimeImports(readFileSync(path.join(root, file), "utf8"))
        .filter((imported) => never.test(imported))
        .map((imported) => `${file} imports ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  it("only the worker's bootstrap touches the internals of @trigger.dev/core", () => {
    const files = ["lib", "app", "components", "trigger"].flatMap(sources);
    const internal = files.filter((file) =>
      /from "@trigger\.dev\/core\/v3\/(workers|tracer)/.test(readFileSync(path.join(root, file), "utf8")),
    );
    expect(internal).toEqual(["lib/engine/worker/worker.ts"]);
  });
});

it("no setting reaches the browser: nothing that a client component imports is lib/env", () => {
  const all = ["app", "components", "lib", "trigger"].flatMap(sources);
  const isClient = (file: string) => /^"use client"/m.test(readFileSync(path.join(root, file), "utf8"));
  const clients = all.filter(isClient);
  expect(clients.length).toBeGreaterThan(20);
  const cameFrom = new Map<string, string>(clients.map((file) => [file, file]));
  for (const file of cameFrom.keys()) {
    const code = readFileSync(path.join(root, file), "utf8");
    // What it exports is called over the network.
    if (/^"use server"/m.test(code)) continue;
    for (const imported of runtimeImports(code)) {
      const base = imported.startsWith("@/")
        ? imported.slice(2)
        : imported.startsWith(".") && path.join(path.dirname(file), imported);
      const next = base && all.find((known) => known.replace(/\.tsx?$/, "") === base);
      if (next && !cameFrom.has(next)) cameFrom.set(next, file);
    }
  }
  expect(cameFrom.get("lib/env.ts")).toBeUndefined();
});

function sources(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !/\.(test|spec)\.tsx?$/.test(file))
    .map((file) => `${folder}/${file}`);
}

function runtimeImports(code: string): string[] {
  const statements = code.matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(?!type\b)[^;]*?from\s+"([^"]+)"|(?:^|\n)import\s+"([^"]+)"|import\("([^"]+)"\)/g,
  );
  return [...statements].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "");
}
