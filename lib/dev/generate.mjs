/**
 * Runs `prisma generate` without a download: it never runs the schema engine but requires one, so it gets the path of
 * another executable. Plain JavaScript, because it runs right after the install.
 */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";

const cli = path.join(
  path.dirname(createRequire(import.meta.url).resolve("prisma/package.json")),
  "build/index.js",
);
const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "generate"], {
  cwd: path.resolve(import.meta.dirname, "../.."),
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
    CHECKPOINT_DISABLE: "1",
  },
  encoding: "utf8",
});
if (status !== 0) {
  console.error(
    `${stdout}${stderr}\nprisma generate failed. Fix the problem above, then run: npm run db:generate`,
  );
  process.exit(1);
}
