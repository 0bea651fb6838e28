/**
 * `npm run faults [-- NAME] [--mode embedded|platform|both] [--seed N] [--trials N]`: breaks everything on purpose and
 * counts what was lost, on the engine as it is and on one that does only what Trigger.dev does. With a name, only what
 * has it in its own. A trial that failed is run again with `<fault> --mode <its mode> --seed <its seed> --trials 1`.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { projectDir } from "@/e2e/support/processes";
import type { Mode } from "@/lib/engine/mode";
import { browserFamily, labFamilies, type Family, type Place } from "./families";
import { add, isClean, verdict, type Fault, type Verdict } from "./fault";

const ALL_MODES: Mode[] = ["embedded", "platform"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    mode: { type: "string", default: "both" },
    seed: { type: "string", default: "1" },
    trials: { type: "string" },
  },
});

const only = values.only ?? positionals[0];

const modes = ALL_MODES.filter((mode) => values.mode === "both" || values.mode === mode);
if (modes.length === 0) {
  console.error(`--mode is ${JSON.stringify(values.mode)}. Set it to embedded, platform or both.`);
  process.exit(1);
}

type Row = Verdict & { mode: Mode; fault: string; trials: number; seconds: number };

const rows: Row[] = [];
for (const mode of modes) {
  for (const family of labFamilies) await tryFamily(family, mode);
  await tryFamily(browserFamily, mode);
}
if (rows.length === 0) {
  const names = [...labFamilies, browserFamily].flatMap(({ faults }) => faults.map(({ name }) => name));
  console.error(`No fault is called "${only}". There are:\n${names.join("\n")}`);
  process.exit(1);
}
await report();
process.exit(rows.every(isClean) ? 0 : 1);

async function tryFamily<P extends Place>({ faults, start }: Family<P>, mode: Mode): Promise<void> {
  const wanted = faults.filter(({ name }) => !only || name.includes(only));
  if (wanted.length === 0) return;
  const place = await start(mode);
  for (const fault of wanted) rows.push(await tryOut(fault, place, mode));
  await place.close();
}

async function tryOut<P extends Place>(fault: Fault<P>, place: P, mode: Mode): Promise<Row> {
  const trials = Number(values.trials ?? fault.trials);
  const startedAt = Date.now();
  const total = verdict();
  const seeds = Array.from({ length: trials }, (_, index) => Number(values.seed) + index);
  await Promise.all(
    Array.from({ length: fault.parallel ?? 1 }, async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const seen = await fault.run(place, seed).catch((error: Error): Verdict => {
          return { ...verdict(), stuck: 1, notes: [error.stack ?? error.message] };
        });
        add(total, seen);
        if (isClean(seen)) continue;
        console.error(`✗ ${mode}: ${fault.name}, seed ${seed}\n  ${seen.notes.join("\n  ")}`);
        if (process.env.FAULT_LOGS) console.error(place.engine.log());
      }
    }),
  );
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  const row = { mode, fault: fault.name, trials, ...total, seconds };
  console.error(
    `${isClean(row) ? "✓" : "✗"} ${mode}: ${fault.name}: ${trials} trials in ${seconds} s, ` +
      `${row.lost} lost, ${row.doubled} doubled, ${row.stuck} stuck`,
  );
  return row;
}

async function report(): Promise<void> {
  for (const mode of modes) {
    const own = rows.filter((row) => row.mode === mode);
    console.log(`${mode === modes[0] ? "" : "\n"}engine mode ${mode}`);
    printTable(own);
  }
  const folder = path.join(projectDir, "test-results");
  await mkdir(folder, { recursive: true });
  const result = { seed: Number(values.seed), date: new Date().toISOString(), node: process.version, rows };
  await writeFile(path.join(folder, "faults.json"), `${JSON.stringify(result, null, 2)}\n`);
}

function printTable(rows: Row[]): void {
  const width = Math.max(...rows.map((row) => row.fault.length));
  const line = (cells: Array<string | number>) =>
    [String(cells[0]).padEnd(width), ...cells.slice(1).map((cell) => String(cell).padStart(7))].join("  ");
  const sum = (key: "trials" | "lost" | "doubled" | "stuck") =>
    rows.reduce((total, row) => total + row[key], 0);
  console.log(line(["fault", "trials", "lost", "doubled", "stuck"]));
  console.log("-".repeat(width + 4 * 9));
  for (const row of rows) console.log(line([row.fault, row.trials, row.lost, row.doubled, row.stuck]));
  console.log("-".repeat(width + 4 * 9));
  console.log(line(["all", sum("trials"), sum("lost"), sum("doubled"), sum("stuck")]));
  printCounts(rows, width);
}

function printCounts(rows: Row[], width: number): void {
  const counted = rows.filter(({ counts }) => Object.keys(counts).length > 0);
  const names = [...new Set(counted.flatMap(({ counts }) => Object.keys(counts)))];
  if (names.length === 0) return;
  const line = (first: string, cells: Array<string | number>) =>
    [
      first.padEnd(width),
      ...cells.map((cell, index) => String(cell).padStart(Math.max(6, (names[index] ?? "").length))),
    ].join("  ");
  console.log(`\n${line("", names)}`);
  for (const { fault, counts } of counted)
    console.log(
      line(
        fault,
        names.map((name) => counts[name] ?? 0),
      ),
    );
}
