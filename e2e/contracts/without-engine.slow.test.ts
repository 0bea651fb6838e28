/** Who deploys on Trigger.dev may delete the embedded engine: nothing of the product needs it, not even its types. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

it("has all its types without lib/engine", { timeout: 180_000 }, () => {
  const copy = mkdtempSync(path.join(tmpdir(), "holdfast-without-engine-"));
  try {
    const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
      cwd: root,
      encoding: "utf8",
    })
      .split("\n")
      .filter((file) => /\.(ts|tsx|mts|json|css)$/.test(file))
      .filter((file) => !file.startsWith("lib/engine/") && !file.startsWith("e2e/"))
      .filter((file) => !/\.(test|spec)\.tsx?$/.test(file));
    for (const file of files) {
      mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
      cpSync(path.join(root, file), path.join(copy, file), { force: true });
    }
    for (const generated of ["prisma/generated", "trigger/sandbox/generated"])
      cpSync(path.join(root, generated), path.join(copy, generated), { recursive: true });
    symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
    // Next writes the types of its routes itself, in a step of `npm run check`.
    spawnSync("npx", ["next", "typegen"], { cwd: copy });
    const config = JSON.parse(readFileSync(path.join(copy, "tsconfig.json"), "utf8"));
    const exclude = [...config.exclude, "vitest.config.ts"];
    writeFileSync(path.join(copy, "tsconfig.json"), JSON.stringify({ ...config, exclude }));
    const { stdout, status } = spawnSync("npx", ["tsc", "--noEmit"], { cwd: copy, encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});
