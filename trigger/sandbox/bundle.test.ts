/** The sandbox in a bundle as Trigger.dev's command line makes it, in a folder without any package. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "holdfast-bundle-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it("carries the thread's program and WebAssembly in itself", async () => {
  const outfile = path.join(folder, "task.mjs");
  await build({
    stdin: {
      contents: `
import { quickJsSandbox } from "./quickjs/quickjs-sandbox";
const sandbox = quickJsSandbox();
const { value } = await sandbox.run({ language: "typescript", code: "const half: number = 21; 2 * half" });
console.log(value);
await sandbox.dispose();`,
      resolveDir: import.meta.dirname,
    },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    keepNames: true,
    charset: "utf8",
    conditions: ["trigger.dev", "module", "node"],
    tsconfig: path.join(import.meta.dirname, "../../tsconfig.json"),
    logLevel: "silent",
  });
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], { cwd: folder });
  expect(stdout).toBe("42\n");
});
