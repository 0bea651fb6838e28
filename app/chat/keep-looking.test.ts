import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { keepLooking } from "./keep-looking";

const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
const show = (visibilityState: "visible" | "hidden") => {
  page.visibilityState = visibilityState;
  page.dispatchEvent(new Event("visibilitychange"));
};
const look = vi.fn<() => void>();
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", new EventTarget());
  page.visibilityState = "visible";
  look.mockClear();
  stop = keepLooking(look);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("looks every 20 seconds while somebody looks at the page", () => {
  vi.advanceTimersByTime(61_000);
  expect(look).toHaveBeenCalledTimes(3);
});

it("looks every minute while nobody does, for the tab and the notice tell of it", () => {
  show("hidden");
  vi.advanceTimersByTime(59_000);
  expect(look).not.toHaveBeenCalled();
  vi.advanceTimersByTime(62_000);
  expect(look).toHaveBeenCalledTimes(2);
});

it("looks at once when somebody comes back, or the network does", () => {
  show("hidden");
  show("visible");
  expect(look).toHaveBeenCalledTimes(1);
  window.dispatchEvent(new Event("online"));
  expect(look).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(21_000);
  expect(look).toHaveBeenCalledTimes(3);
});

it("stops", () => {
  stop();
  show("visible");
  vi.advanceTimersByTime(600_000);
  expect(look).not.toHaveBeenCalled();
});
