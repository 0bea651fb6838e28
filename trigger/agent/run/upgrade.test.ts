import { deployments } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { beforeEach, expect, it, vi } from "vitest";
import { moveToCurrentVersion } from "./upgrade";

const retrieveCurrent = vi.spyOn(deployments, "retrieveCurrent");
const requestUpgrade = vi.spyOn(chat, "requestUpgrade");

beforeEach(() => {
  retrieveCurrent.mockReset().mockResolvedValue({ version: "v2" } as never);
  requestUpgrade.mockReset().mockImplementation(() => {});
});

const anHourAgo = new Date(Date.now() - 3_600_000);
const deployed = {
  environment: { type: "PRODUCTION" },
  project: { ref: "proj_x" },
  run: { id: "run_1", version: "v1", startedAt: anHourAgo },
};
const later = { ctx: deployed, turn: 3, continuation: false };

it("hands over when another version is current, newer or rolled back to", async () => {
  expect(await moveToCurrentVersion(later)).toBe(true);
  expect(requestUpgrade).toHaveBeenCalledTimes(1);
});

it("stays on the current version", async () => {
  retrieveCurrent.mockResolvedValue({ version: "v1" } as never);
  expect(await moveToCurrentVersion(later)).toBe(false);
});

it("hands over before the first answer of a run that was preloaded long ago, and not of a new one", async () => {
  expect(await moveToCurrentVersion({ ...later, turn: 0 })).toBe(true);
  const young = { ...deployed, run: { ...deployed.run, startedAt: new Date() } };
  expect(await moveToCurrentVersion({ ...later, ctx: young, turn: 0 })).toBe(false);
});

it("does not hand over twice in a row, so a session that is locked to a version is answered", async () => {
  expect(await moveToCurrentVersion({ ...later, turn: 0, continuation: true })).toBe(false);
  expect(await moveToCurrentVersion({ ...later, turn: 1, continuation: true })).toBe(true);
});

it("asks nobody under `trigger dev`, and asks the embedded engine", async () => {
  const development = { ...deployed, environment: { type: "DEVELOPMENT" } };
  expect(await moveToCurrentVersion({ ...later, ctx: development })).toBe(false);
  expect(retrieveCurrent).not.toHaveBeenCalled();
  const embedded = { ...development, project: { ref: "proj_local" } };
  expect(await moveToCurrentVersion({ ...later, ctx: embedded })).toBe(true);
});

it("answers with its own version when nobody says which one is current", async () => {
  retrieveCurrent.mockRejectedValueOnce(new Error("404"));
  expect(await moveToCurrentVersion(later)).toBe(false);
  retrieveCurrent.mockReturnValueOnce(new Promise(() => {}) as never);
  expect(await moveToCurrentVersion(later)).toBe(false);
  expect(requestUpgrade).not.toHaveBeenCalled();
});
