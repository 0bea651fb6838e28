import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { checkImports, RULES } from "./check";
import { readImportGraph } from "./graph";

const roots: string[] = [];
afterEach(() => roots.splice(0).forEach((root) => rmSync(root, { recursive: true })));

/** What the check says about a tree of these files. */
function check(files: Record<string, string>): string[] {
  const root = mkdtempSync(path.join(os.tmpdir(), "holdfast-imports-"));
  roots.push(root);
  for (const [file, code] of Object.entries(files)) {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), code);
  }
  return checkImports(root);
}

const value = "export const value = 1;\nexport type Value = number;\n";

it("has nothing to say about this repository", () => {
  expect(checkImports(path.resolve(import.meta.dirname, "../../.."))).toEqual([]);
});

describe("one way", () => {
  it.each([
    ["app/page.tsx", "trigger/tools/a.ts", "app never imports trigger"],
    ["app/page.test.tsx", "trigger/tools/a.ts", "app never imports trigger"],
    ["components/chat/a.tsx", "lib/chat/b.ts", "components/chat imports nothing of ours but components/ui"],
    ["components/chat/a.tsx", "app/b.ts", "components/chat imports nothing of ours but components/ui"],
    ["components/ui/a.tsx", "components/chat/b.ts", "components/ui imports nothing of ours but lib/utils"],
    ["lib/a.ts", "app/b.ts", "lib never imports app"],
    ["lib/a.ts", "components/b.ts", "lib never imports components"],
    ["lib/a.test.ts", "trigger/b.ts", "lib never imports trigger"],
    ["lib/chat/a.ts", "lib/auth.ts", "lib/chat never imports lib/auth"],
    ["lib/agent/a.ts", "lib/engine/b.ts", "lib/agent never imports lib/engine"],
    ["lib/engine/a.ts", "lib/chat/b.ts", "lib/engine imports nothing of ours but"],
    ["trigger/a.ts", "app/b.ts", "trigger never imports app"],
    ["trigger/a.ts", "lib/dev/b.ts", "trigger never imports lib/dev"],
    ["trigger/a.ts", "e2e/support/b.ts", "trigger never imports e2e"],
  ])("%s may not import %s", (file, target, says) => {
    const specifier = `@/${target.replace(/\.ts$/, "")}`;
    const ways = [
      `import { value } from "${specifier}"; value;`,
      `import type { Value } from "${specifier}"; export type Mine = Value;`,
      `export { value } from "${specifier}";`,
      `const later = () => import("${specifier}"); later;`,
      `export type Mine = import("${specifier}").Value;`,
    ];
    for (const code of ways) {
      const problems = check({ [file]: code, [target]: value });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(`${file} imports "${specifier}": ${says}`);
    }
  });

  it("finds a relative way as well", () => {
    const code = 'import { value } from "../../trigger/a"; value;';
    expect(check({ "lib/b/c.ts": code, "trigger/a.ts": value })).toEqual([
      'lib/b/c.ts imports "../../trigger/a": lib never imports trigger, types included, because imports point from app and trigger to lib.',
    ]);
  });

  it.each([
    ["components/chat/a.tsx", "next/link"],
    ["components/ui/a.tsx", "server-only"],
    ["lib/chat/a.ts", "server-only"],
    ["trigger/a.ts", "server-only"],
  ])("%s does without %s", (file, name) => {
    expect(check({ [file]: `import "${name}";` })[0]).toContain(`${file} imports "${name}"`);
  });

  it("lets through what is allowed", () => {
    expect(
      check({
        "app/a.tsx": 'import "@/components/chat/b"; import "@/lib/c"; import "next/link";',
        "components/chat/b.tsx": 'import "@/components/ui/d"; import "@/lib/utils"; import "./e";',
        "components/chat/e.ts": value,
        "components/ui/d.tsx": 'import { value } from "@/lib/utils"; value;',
        "trigger/f.ts": 'import "@/lib/c"; import "@/lib/agent/g";',
        "lib/engine/h.ts": 'import "../env"; import "./i";',
        "lib/engine/i.ts": value,
        "lib/agent/g.ts": value,
        "lib/c.ts": value,
        "lib/c.test.ts": 'import "@/e2e/support/j";',
        "lib/env.ts": value,
        "lib/utils.ts": value,
        "e2e/support/j.ts": 'import "@/trigger/f";',
      }),
    ).toEqual([]);
  });

  it("names folders and files that exist", () => {
    const files = [...readImportGraph(path.resolve(import.meta.dirname, "../../..")).keys()];
    const named = RULES.flatMap(({ of, only = [], never = [] }) => [of, ...only, ...never]);
    const exists = (name: string) =>
      files.some((file) => file.startsWith(`${name}/`) || file === `${name}.ts`);
    expect(named.filter((name) => !exists(name))).toEqual([]);
  });
});

it("only one file knows the internals of @trigger.dev/core", () => {
  const code = 'import "@trigger.dev/core/v3/workers";';
  expect(check({ "lib/engine/worker/worker.ts": code, "lib/engine/a.ts": code })).toEqual([
    'lib/engine/a.ts imports "@trigger.dev/core/v3/workers": only lib/engine/worker/worker.ts knows these internals.',
  ]);
});

it("names a circle, also one of types, of lazy imports, and of a file with itself", () => {
  expect(
    check({
      "lib/a.ts": 'import type { B } from "./b"; export type A = B;',
      "lib/b.ts": 'export const later = () => import("./c"); export type B = 1;',
      "lib/c.ts": 'export * from "./a";',
      "lib/d.ts": 'import "./a";',
      "lib/e.ts": 'import "./e";',
    }),
  ).toEqual([
    "Import circle, types included: lib/a.ts ↔ lib/b.ts ↔ lib/c.ts",
    "Import circle, types included: lib/e.ts",
  ]);
});

it("sends no setting to the browser: a client component may reach them by types and server actions only", () => {
  const through = (code: string) =>
    check({
      "app/a.tsx": '"use client";\nimport "./b";',
      "app/b.ts": code,
      "app/actions.ts": '"use server";\nimport "@/lib/env";',
      "lib/env.ts": value,
    });
  expect(through('import { value } from "@/lib/env"; value;')).toEqual([
    "app/a.tsx brings lib/env.ts into the browser: a client component imports no settings.",
  ]);
  expect(through('import { type Value } from "@/lib/env"; export type Mine = Value;')).toEqual([]);
  expect(through('import "./actions";')).toEqual([]);
});

it("names a folder that holds too many files", () => {
  const files = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`lib/many/${index}.ts`, value]));
  expect(check(files(25))).toEqual([]);
  expect(check(files(26))).toEqual(["lib/many holds 26 files: a folder holds at most 25."]);
});
