/** A few of the faults, for every test run. All of them, many times over: `npm run faults`. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labFaults } from "./families";
import { startLab, type Lab } from "./lab";

/** What the engine mends by itself and what only the product can, so both are tried where they differ. */
const everywhere: Array<[name: string, seed: number]> = [
  ["worker killed at every 5th chunk", 3],
  ["process.exit() in a tool", 1],
  ["a question cannot be saved, and the worker is killed", 2],
  ["an answer cannot be saved, and the worker is killed", 2],
  ["engine killed after commit, before acknowledge", 2],
  ["100 concurrent replays of one part id", 1],
  ["effects: killed during", 1],
  ["approved, killed after", 1],
];
const once: Array<[name: string, seed: number]> = [
  ["reload at every chunk boundary", 1],
  ["network reset, at every phase", 4],
  ["PostgreSQL killed under write load", 1],
  ["effects: killed after", 1],
  ["effects: booked, then ECONNRESET", 1],
  ["effects: booked, then 504", 1],
  ["12 new chats while every core is busy", 1],
];

describe.each([
  ["embedded", [...everywhere, ...once]],
  ["platform", everywhere],
] as const)("engine mode %s", (mode, faults) => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab(mode);
  }, 120_000);

  afterAll(() => lab?.close(), 60_000);

  it.each(faults)(
    "nothing is lost, doubled or stuck: %s (seed %i)",
    { timeout: 240_000 },
    async (name, seed) => {
      const fault = labFaults.find((candidate) => candidate.name === name);
      expect(await fault!.run(lab, seed)).toMatchObject({ lost: 0, doubled: 0, stuck: 0, notes: [] });
    },
  );
});
