/** A build is used again only when nothing has changed that it is made of. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { hashInputs } from "./build";

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "holdfast-build-"));
  for (const file of ["app/page.tsx", "package-lock.json", "next.config.ts"]) write(file, file);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

it.each([
  ["a changed source", () => write("app/page.tsx", "changed")],
  ["a new source", () => write("lib/deep/new.ts", "")],
  ["a source that is gone", () => rmSync(path.join(root, "next.config.ts"))],
  [
    "a source with another name",
    () => (rmSync(path.join(root, "next.config.ts")), write("a", "next.config.ts")),
  ],
  ["other packages", () => write("node_modules/.package-lock.json", "{}")],
  ["another .env", () => write(".env.production", "A=1")],
  ["a setting that Next writes into the code", () => vi.stubEnv("NEXT_PUBLIC_NAME", "Ada")],
])("%s is another build", (_, change) => {
  const before = hashInputs(root);
  change();
  expect(hashInputs(root)).not.toBe(before);
});

it.each([
  ["a test", "app/page.test.tsx"],
  ["a story", "e2e/stories/kit/kit.spec.ts"],
  ["a package's file, which the lock file names", "node_modules/next/index.js"],
  ["what a build makes", ".next/BUILD_ID"],
  ["what the development server keeps", ".data/engine/secret-key"],
])("%s is not", (_, file) => {
  const before = hashInputs(root);
  write(file, "new");
  expect(hashInputs(root)).toBe(before);
});
