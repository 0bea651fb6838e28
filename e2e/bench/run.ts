/**
 * `npm run bench [-- name ...] [--only a,b] [--rounds N] [--json file]`: what durability costs, measured in one run
 * side by side with doing without it. The rounds of what is compared alternate, so a noisy machine is noisy for all.
 */
import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { appends } from "./appends";
import { chunkDelay } from "./chunk-delay";
import { database } from "./database";
import { firstChunk } from "./first-chunk";
import { page } from "./page";
import { resume } from "./resume";
import { resources } from "./resources";
import type { Bench } from "./support/bench";
import { isWithin, printTable, type Result } from "./support/report";
import { createStage } from "./support/stage";
import { tree } from "./tree";

const benches: Bench[] = [firstChunk, chunkDelay, resume, appends, resources, database, tree, page];

const { values, positionals } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "3" },
    json: { type: "string", default: path.join(import.meta.dirname, "results.json") },
  },
  allowPositionals: true,
});
const wanted = [...positionals, ...(values.only?.split(",") ?? [])].filter(Boolean);
const unknown = wanted.filter((name) => !benches.some((bench) => bench.name === name));
const rounds = Number(values.rounds);
if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
  console.error(
    unknown.length > 0
      ? `There is no bench ${unknown.join(", ")}. There are: ${benches.map(({ name }) => name).join(", ")}.`
      : "--rounds is a whole number from 1",
  );
  process.exit(1);
}

const chosen = benches.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const startedAt = new Date();
const before = loadavg()[0]!;
const stage = await createStage();
const results: Result[] = [];
try {
  for (const bench of chosen) results.push(await measure(bench));
} finally {
  await stage.close();
}

console.log(`\n${printTable(results)}\n`);
const load = loadavg()[0]!;
console.log(
  `${availableParallelism()} cores, load ${before.toFixed(1)} before and ${load.toFixed(1)} after.`,
);
if (before > availableParallelism() / 2)
  console.log("Others were at work here: compare the ratios, and take the absolute times for upper bounds.");
await writeFile(values.json, `${JSON.stringify(summary(), null, 2)}\n`);
console.log(`The numbers, with their ranges: ${path.relative(process.cwd(), values.json)}`);
process.exit(results.some(({ error }) => error !== undefined) ? 1 : 0);

async function measure(bench: Bench): Promise<Result> {
  const from = performance.now();
  process.stderr.write(`${bench.name}: ${bench.about} ... `);
  const outcome = await bench.run(stage, { rounds }).then(
    (rows) => ({ rows }),
    (error: unknown) => ({ rows: [], error: (error as Error).message }),
  );
  const seconds = Math.round((performance.now() - from) / 100) / 10;
  process.stderr.write(`${"error" in outcome ? outcome.error : `${seconds} s`}\n`);
  return { bench: bench.name, seconds, ...outcome };
}

function summary() {
  return {
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    machine: {
      node: process.version,
      platform: process.platform,
      arch: process.arch,
      cores: availableParallelism(),
      load: { before, after: loadavg()[0] },
    },
    rounds,
    results: results.map((result) => ({
      ...result,
      rows: result.rows.map((row) => ({ ...row, within: isWithin(row) ?? null })),
    })),
  };
}
