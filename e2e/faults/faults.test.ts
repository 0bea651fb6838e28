/** A few of the faults, for every test run. All of them, many times over: `npm run faults`. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { labFaults } from "./families";
import { startLab, type Lab } from "./lab";

let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
}, 120_000);

afterAll(() => lab?.close(), 60_000);

it.each([
  ["worker killed at every 5th chunk", 3],
  ["process.exit() in a tool", 1],
  ["a question cannot be saved, and the worker is killed", 2],
  ["an answer cannot be saved, and the worker is killed", 2],
  ["reload at every chunk boundary", 1],
  ["network reset, at every phase", 4],
  ["100 concurrent replays of one part id", 1],
  ["engine killed after commit, before acknowledge", 2],
  ["PostgreSQL killed under write load", 1],
  ["effects: killed during", 1],
  ["effects: killed after", 1],
  ["approved, killed after", 1],
])("nothing is lost, doubled or stuck: %s (seed %i)", { timeout: 180_000 }, async (name, seed) => {
  const fault = labFaults.find((candidate) => candidate.name === name);
  expect(await fault!.run(lab, seed)).toMatchObject({ lost: 0, doubled: 0, stuck: 0, notes: [] });
});
