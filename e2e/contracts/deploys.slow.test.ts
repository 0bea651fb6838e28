/** A few of the deploys of `npm run faults`, on an engine as it is and on one that does only what Trigger.dev does. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deployFaults } from "../faults/deploys";
import { startLab, type Lab } from "../faults/lab";

const few = deployFaults.filter(({ name }) => /: (2|3) /.test(name));

describe.each(["embedded", "platform"] as const)("engine mode %s", (mode) => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab(mode, { isDeployable: true });
  }, 120_000);

  afterAll(() => lab?.close(), 60_000);

  it.each(few)("nothing is lost, doubled or stuck: $name", { timeout: 300_000 }, async (fault) => {
    const { counts, ...seen } = await fault.run(lab, 1);
    expect(seen).toEqual({ lost: 0, doubled: 0, stuck: 0, notes: [] });
    expect(counts["deploys"]).toBeGreaterThan(1);
  });
});
