import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const project = path.resolve(import.meta.dirname, "../../..");
const { scripts, knip } = JSON.parse(readFileSync(path.join(project, "package.json"), "utf8"));

/** What `npm run check` says about unused code in a tree of these files, with this repository's own settings. */
async function check(files: Record<string, string>): Promise<string> {
  const root = mkdtempSync(path.join(os.tmpdir(), "holdfast-unused-"));
  const manifest = { name: "fixture", type: "module", dependencies: { unused: "1.0.0" }, knip };
  const all = { ...files, "package.json": JSON.stringify(manifest) };
  try {
    for (const [file, code] of Object.entries(all)) {
      mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(root, file), code);
    }
    const cli = path.join(project, "node_modules/knip/bin/knip.js");
    const args = [cli, "--no-progress", "--no-config-hints", "--directory", root];
    return await promisify(execFile)(process.execPath, args).then(
      () => "",
      ({ stdout }: { stdout: string }) => stdout,
    );
  } finally {
    rmSync(root, { recursive: true });
  }
}

it("is part of the check", () => {
  expect(scripts.check).toContain("knip --no-progress --no-config-hints &&");
});

it("names unused files, exports, types and packages, and packages that are not declared", async () => {
  const said = await check({
    "trigger/task.ts":
      'import { used } from "../lib/helpers"; import "undeclared"; import "../components/chat/card"; used;',
    "lib/helpers.ts": "export const used = 1;\nexport const idle = 2;\nexport type Idle = 3;\n",
    "lib/forgotten.ts": "export const forgotten = 1;\n",
    // The kit is copied into other apps, which use its types.
    "components/chat/card.ts": "export type CardProps = { title: string };\n",
  });
  for (const [heading, name] of [
    ["Unused files (1)", "lib/forgotten.ts"],
    ["Unused dependencies (1)", "unused"],
    ["Unlisted dependencies (1)", "undeclared"],
    ["Unused exports (1)", "idle"],
    ["Unused exported types (1)", "Idle"],
  ] as const) {
    expect(said).toContain(heading);
    expect(said).toContain(name);
  }
  expect(said).not.toContain("CardProps");
});
