/** `next build` for stories, faults and benches, once: again only when something that it is made of has changed. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { projectDir } from "../support/processes";

const buildId = path.join(projectDir, ".next/BUILD_ID");
/** `next build` empties the folder first, so this file is about the build beside it or it is not there. */
const builtFrom = path.join(projectDir, ".next/built-from");
/** Made by the build, or not read by it. */
const NOT_INPUTS = new Set([
  ".ci",
  ".data",
  ".git",
  ".next",
  "e2e",
  "node_modules",
  "playwright-report",
  "test-results",
]);
const NOT_AN_INPUT = /\.test\.tsx?$|\.tsbuildinfo$|^next-env\.d\.ts$/;

/** Builds the app for production unless the present build is of the same sources, packages and settings. */
export function ensureBuild(): void {
  const inputs = hashInputs(projectDir);
  if (isBuiltFrom(inputs)) return console.error("The production build is up to date.");
  const next = path.join(projectDir, "node_modules/next/dist/bin/next");
  const { status } = spawnSync(process.execPath, [next, "build"], {
    cwd: projectDir,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error("next build failed: its reason is above.");
  writeFileSync(builtFrom, stamp(inputs));
}

function isBuiltFrom(inputs: string): boolean {
  return existsSync(buildId) && existsSync(builtFrom) && readFileSync(builtFrom, "utf8") === stamp(inputs);
}

function stamp(inputs: string): string {
  return `${inputs} ${readFileSync(buildId, "utf8")}`;
}

/** One value for everything that a build of the project in `root` is made of. */
export function hashInputs(root: string): string {
  const hash = createHash("sha256").update(process.version);
  // Next writes these into the code.
  for (const name of Object.keys(process.env)
    .filter((key) => key.startsWith("NEXT_PUBLIC_"))
    .toSorted())
    hash.update(`${name}=${process.env[name]}\0`);
  for (const file of [...listInputs(root), "node_modules/.package-lock.json"]) {
    const whole = path.join(root, file);
    if (existsSync(whole)) hash.update(`${file}\0`).update(readFileSync(whole)).update("\0");
  }
  return hash.digest("hex");
}

function listInputs(root: string, folder = ""): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !(folder === "" && NOT_INPUTS.has(name)) && !NOT_AN_INPUT.test(name))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory() ? listInputs(root, file) : [file];
    })
    .toSorted();
}

if (process.argv[1] === import.meta.filename) ensureBuild();
