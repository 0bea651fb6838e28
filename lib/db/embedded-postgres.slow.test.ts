import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { isServerOf, startPostgres, type Postgres } from "./embedded-postgres";

let folder: string;
let neighbor: Postgres;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "holdfast-postgres-"));
  neighbor = await startPostgres({ dir: path.join(folder, "neighbor"), settings: ["fsync=off"] });
});
afterAll(async () => {
  await neighbor.stop();
  await rm(folder, { recursive: true, force: true });
});

it("knows the server of a folder from that of another, and from a program that only sounds like one", async () => {
  const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)", "postgres", "-D", "x"]);
  onTestFinished(() => void other.kill("SIGKILL"));
  await once(other, "spawn");
  expect(isServerOf(path.join(folder, "neighbor"), neighbor.pid)).toBe(true);
  expect(isServerOf(path.join(folder, "mine"), neighbor.pid)).toBe(false);
  expect(isServerOf(path.join(folder, "mine"), other.pid!)).toBe(false);
  expect(isServerOf(path.join(folder, "mine"), 2 ** 22 + 1)).toBe(false);
  expect(isServerOf(path.join(folder, "mine"), Number.NaN)).toBe(false);
});

it("starts over the pid of a dead container, whoever has that number now", async () => {
  const dir = path.join(folder, "mine");
  const first = await startPostgres({ dir, settings: ["fsync=off"] });
  await first.stop();
  for (const pid of [neighbor.pid, process.pid, 1, 2 ** 22 + 1, "half a li"]) {
    await writeFile(path.join(dir, "postmaster.pid"), `${pid}\n${dir}\n1700000000\n5432\n\n127.0.0.1\n0 0\n`);
    const again = await startPostgres({ dir, settings: ["fsync=off"] });
    await again.stop();
  }
});
