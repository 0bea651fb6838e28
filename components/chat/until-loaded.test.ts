import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { untilLoaded } from "./until-loaded";

beforeEach(() => {
  vi.useFakeTimers();
  const page = new EventTarget();
  vi.stubGlobal("window", page);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A script that comes at the given try. */
function comesAt(attempt: number) {
  let tries = 0;
  return vi.fn<() => Promise<string>>(async () => {
    tries += 1;
    if (tries < attempt) throw new Error("Failed to load chunk");
    return "loaded";
  });
}

it("asks again when the line is back", async () => {
  const load = comesAt(2);
  const loaded = untilLoaded(load);
  await vi.advanceTimersByTimeAsync(0);
  expect(load).toHaveBeenCalledTimes(1);
  window.dispatchEvent(new Event("online"));
  expect(await loaded).toBe("loaded");
});

it("asks again by itself, however often it takes, and ever more rarely", async () => {
  const load = comesAt(20);
  const loaded = untilLoaded(load);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(load.mock.calls.length).toBeLessThan(10);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(await loaded).toBe("loaded");
  expect(load).toHaveBeenCalledTimes(20);
});

it("says so on a server, where nothing is on its way", async () => {
  vi.unstubAllGlobals();
  await expect(untilLoaded(comesAt(2))).rejects.toThrow("Failed to load chunk");
});
