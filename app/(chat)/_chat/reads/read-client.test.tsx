import { QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeReadClient, pollEvery } from "./read-client";

// The library checks once, when it loads, whether it runs in a browser.
vi.hoisted(() => vi.stubGlobal("window", new EventTarget()));
const page = Object.assign(new EventTarget(), { visibilityState: "visible" });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", page);
  page.visibilityState = "visible";
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A poll every 20 s whose answer has just arrived. */
function poll(queryFn: () => Promise<string>) {
  const observer = new QueryObserver(makeReadClient(), {
    queryKey: ["waiting"],
    queryFn,
    initialData: "nothing",
    refetchInterval: pollEvery(20_000),
    refetchIntervalInBackground: true,
  });
  return observer.subscribe(() => {});
}

describe("a poll", () => {
  it("polls every 20 seconds while the page is visible", async () => {
    const read = vi.fn<() => Promise<string>>(async () => "something");
    const stop = poll(read);
    await vi.advanceTimersByTimeAsync(61_000);
    expect(read).toHaveBeenCalledTimes(3);
    stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(read).toHaveBeenCalledTimes(3);
  });

  it("begins after the last answer, and never beside it", async () => {
    let running = 0;
    let most = 0;
    const read = vi.fn<() => Promise<string>>(async () => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 50_000));
      running -= 1;
      return "late";
    });
    const stop = poll(read);
    await vi.advanceTimersByTimeAsync(20_000 + 50_000 + 19_000);
    expect(read).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(read).toHaveBeenCalledTimes(2);
    expect(most).toBe(1);
    stop();
  });

  it("polls every minute while the page is hidden, for the tab's badge and notifications", async () => {
    page.visibilityState = "hidden";
    const read = vi.fn<() => Promise<string>>(async () => "something");
    const stop = poll(read);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(read).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(62_000);
    expect(read).toHaveBeenCalledTimes(2);
    stop();
  });

  it("waits, while it fails, as long as it has failed already; five minutes at most", async () => {
    const at: number[] = [];
    const begun = Date.now();
    const stop = poll(async () => {
      at.push((Date.now() - begun) / 1_000);
      throw new Error("gone");
    });
    await vi.advanceTimersByTimeAsync(1_400_000);
    expect(at).toEqual([20, 40, 80, 160, 320, 620, 920, 1220]);
    stop();
  });
});
