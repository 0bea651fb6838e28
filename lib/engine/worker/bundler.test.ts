import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createBundler, type Bundle, type Bundler, type BundlerOptions } from "./bundler";

const projectDir = path.resolve(import.meta.dirname, "../../..");
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function tasksFolder(files: Record<string, string>) {
  const root = await mkdtemp(path.join(os.tmpdir(), "holdfast-bundler-"));
  folders.push(root);
  const tasksDir = path.join(root, "tasks");
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(tasksDir, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return {
    tasksDir,
    outDir: path.join(root, "out"),
    write: (name: string, text: string) => writeFile(path.join(tasksDir, name), text),
  };
}

async function open(options: Omit<BundlerOptions, "projectDir" | "log"> & { log?: BundlerOptions["log"] }) {
  const { tasksDir, outDir, watch, log = () => {} } = options;
  const bundler = await createBundler({ projectDir, tasksDir, outDir, watch, log });
  onTestFinished(() => bundler.close());
  return bundler;
}

function nextBundle(bundler: Bundler) {
  return new Promise<Bundle>((resolve) => {
    const stop = bundler.onChange((bundle) => {
      stop();
      resolve(bundle);
    });
  });
}

const plainTask = (answer: string) => `import { task } from "@trigger.dev/sdk";
export const hello = task({ id: "hello", run: async () => ${JSON.stringify(answer)} });`;

describe("one build", () => {
  it("bundles every top-level task file, but neither tests nor declarations", async () => {
    const { tasksDir, outDir } = await tasksFolder({
      "a.ts": `console.log("marker-a"); import "./parts/b";`,
      "parts/b.ts": `console.log("marker-b");`,
      "parts/unused.ts": `console.log("marker-unused");`,
      "a.test.ts": `console.log("marker-test");`,
      "types.d.ts": `declare const nothing: string;`,
      "c.mjs": `console.log("marker-c");`,
    });
    const code = await readFile((await open({ tasksDir, outDir })).current().file, "utf8");

    for (const marker of ["marker-a", "marker-b", "marker-c"]) expect(code).toContain(marker);
    for (const marker of ["marker-unused", "marker-test"]) expect(code).not.toContain(marker);
  });

  it("resolves packages and the project's alias from a folder outside the project", async () => {
    const { tasksDir, outDir } = await tasksFolder({
      "a.ts": `import { z } from "zod"; import pg from "pg"; import { createSourceStack } from "@/lib/engine/worker/source-stack";
console.log(typeof z, pg.Pool, createSourceStack);`,
    });
    const code = await readFile((await open({ tasksDir, outDir })).current().file, "utf8");

    expect(code).toContain("function createSourceStack");
  });

  it("names a version by its content", async () => {
    const { tasksDir, outDir, write } = await tasksFolder({ "a.ts": plainTask("one") });
    const first = (await open({ tasksDir, outDir })).current().version;
    const again = (await open({ tasksDir, outDir })).current().version;
    await write("a.ts", plainTask("two"));
    const other = (await open({ tasksDir, outDir })).current().version;

    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(existsSync(path.join(outDir, first))).toBe(false);
  });

  it("says where the mistake is", async () => {
    const { tasksDir, outDir } = await tasksFolder({ "a.ts": `import "./nowhere";` });

    await expect(open({ tasksDir, outDir })).rejects.toThrow(
      /Could not resolve ".\/nowhere"[\s\S]*a\.ts:1:7/,
    );
  });

  it("refuses a folder that does not exist, and one without tasks", async () => {
    const { tasksDir, outDir } = await tasksFolder({ "a.test.ts": "" });

    await expect(open({ tasksDir: `${tasksDir}-not`, outDir })).rejects.toThrow(/does not exist/);
    await expect(open({ tasksDir, outDir })).rejects.toThrow(/No task files in/);
  });
});

describe("while watching", () => {
  it("rebuilds when a task file, or a file that it imports, changes", async () => {
    const { tasksDir, outDir, write } = await tasksFolder({
      "a.ts": `import { word } from "./parts/word"; console.log(word);`,
      "parts/word.ts": `export const word = "marker-old";`,
    });
    const bundler = await open({ tasksDir, outDir, watch: true });
    const change = nextBundle(bundler);
    await write("parts/word.ts", `export const word = "marker-new";`);

    expect(await readFile((await change).file, "utf8")).toContain("marker-new");
  });

  it("takes up a new task file", async () => {
    const { tasksDir, outDir, write } = await tasksFolder({ "a.ts": plainTask("one") });
    const bundler = await open({ tasksDir, outDir, watch: true });
    const change = nextBundle(bundler);
    await write("b.ts", `console.log("marker-b");`);

    expect(await readFile((await change).file, "utf8")).toContain("marker-b");
  });

  it("keeps the good bundle when an edit does not build, says so once, and recovers", async () => {
    const log = vi.fn<BundlerOptions["log"]>();
    const { tasksDir, outDir, write } = await tasksFolder({ "a.ts": plainTask("one") });
    const bundler = await open({ tasksDir, outDir, watch: true, log });
    const good = bundler.current();
    await write("a.ts", "export const = 1;");
    await vi.waitFor(() => expect(log).toHaveBeenCalledOnce(), 5000);

    expect(log.mock.calls[0]![1]).toMatch(
      /failed to build, so the previous version keeps running[\s\S]*a\.ts:1:13/,
    );
    expect(bundler.current()).toEqual(good);
    const change = nextBundle(bundler);
    await write("a.ts", plainTask("two"));
    expect((await change).version).not.toBe(good.version);
  });

  it("waits for the first good build instead of giving up", async () => {
    const log = vi.fn<BundlerOptions["log"]>();
    const { tasksDir, outDir, write } = await tasksFolder({ "a.ts": "export const = 1;" });
    const opened = open({ tasksDir, outDir, watch: true, log });
    await vi.waitFor(() => expect(log).toHaveBeenCalledOnce(), 5000);
    await write("a.ts", plainTask("one"));

    expect(existsSync((await opened).current().file)).toBe(true);
  });

  it("removes the folder of an old version when its last run has ended", async () => {
    const { tasksDir, outDir, write } = await tasksFolder({ "a.ts": plainTask("one") });
    const bundler = await open({ tasksDir, outDir, watch: true });
    const old = bundler.current();
    const release = bundler.retain(old);
    const change = nextBundle(bundler);
    await write("a.ts", plainTask("two"));
    await change;

    expect(existsSync(old.file)).toBe(true);
    release();
    await vi.waitFor(() => expect(existsSync(old.file)).toBe(false));
    expect(existsSync(bundler.current().file)).toBe(true);
  });
});
