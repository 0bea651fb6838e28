/**
 * Makes the code that other code imports: the Prisma client, and the program of the code sandbox's thread. Plain
 * JavaScript, because it runs right after the install.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const root = path.resolve(import.meta.dirname, "../..");

generatePrismaClient();
generateSandboxProgram();

/** Without a download: it never runs the schema engine but requires one, so it gets the path of another executable. */
function generatePrismaClient() {
  const cli = path.join(
    path.dirname(createRequire(import.meta.url).resolve("prisma/package.json")),
    "build/index.js",
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "generate"], {
    cwd: root,
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: "1",
      CHECKPOINT_DISABLE: "1",
    },
    encoding: "utf8",
  });
  if (status === 0) return;
  console.error(
    `${stdout}${stderr}\nprisma generate failed. Fix the problem above, then run: npm run db:generate`,
  );
  process.exit(1);
}

/**
 * One text with everything in it, QuickJS's WebAssembly too. Every bundler can carry a text; none finds a thread's file
 * and its packages both here and on Trigger.dev.
 */
function generateSandboxProgram() {
  const folder = path.join(root, "trigger/sandbox/quickjs");
  const bundle = (entry, options) =>
    buildSync({
      entryPoints: [path.join(folder, entry)],
      bundle: true,
      write: false,
      minify: true,
      legalComments: "none",
      ...options,
    }).outputFiles[0].text;
  const guest = bundle("guest.ts", { format: "iife", globalName: "guest", target: "es2022" });
  const program = bundle("thread.ts", {
    platform: "node",
    format: "cjs",
    target: "node20",
    define: { GUEST: JSON.stringify(guest) },
  });
  const out = path.join(root, "trigger/sandbox/generated");
  mkdirSync(out, { recursive: true });
  // Packed: it is in every worker's bundle, and few workers run code.
  writeFileSync(
    path.join(out, "program.js"),
    `export const program = "${gzipSync(program, { level: 9 }).toString("base64")}";\n`,
  );
  writeFileSync(
    path.join(out, "program.d.ts"),
    "/** Compressed with gzip, in base64. */\nexport declare const program: string;\n",
  );
}
