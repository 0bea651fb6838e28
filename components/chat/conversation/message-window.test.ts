import { expect, it } from "vitest";
import { MOST, PAGE, growDown, growUp, rangeOf, windowAround } from "./message-window";

const chat = (count: number, start = 0) =>
  Array.from({ length: count }, (_, index) => ({ id: `m${start + index}` }));
const all = chat(500);

it("opens at the newest page and takes in what is new", () => {
  expect(rangeOf(all, {})).toEqual([500 - PAGE, 500]);
  expect(rangeOf([...all, { id: "new" }], {})[1]).toBe(501);
  expect(rangeOf([], {})).toEqual([0, 0]);
});

it("walks to the oldest message and back without ever holding more than it may", () => {
  let shown = {};
  for (let step = 0; step < 40; step += 1) {
    shown = growUp(all, shown);
    const [from, to] = rangeOf(all, shown);
    expect(to - from).toBeLessThanOrEqual(MOST);
    expect(to - from).toBeGreaterThan(PAGE);
  }
  expect(rangeOf(all, shown)).toEqual([0, MOST]);
  for (let step = 0; step < 40; step += 1) shown = growDown(all, shown);
  expect(rangeOf(all, shown)).toEqual([500 - MOST, 500]);
});

it("shows the same messages when older ones join", () => {
  const shown = growUp(all, {});
  const [from, to] = rangeOf(all, shown);
  const older = [...chat(50, 1000), ...all];
  expect(rangeOf(older, shown)).toEqual([from + 50, to + 50]);
});

it("keeps its start when a branch switch replaces the end, and resets when the start is gone", () => {
  const shown = growUp(all, {});
  const [from] = rangeOf(all, shown);
  const branched = [...all.slice(0, 490), ...chat(30, 2000)];
  expect(rangeOf(branched, shown)).toEqual([from, 520]);
  const other = chat(100, 3000);
  expect(rangeOf(other, { first: "m3", last: "m9" })).toEqual([100 - PAGE, 100]);
});

it("puts a message among its neighbours", () => {
  const [from, to] = rangeOf(all, windowAround(all, "m250"));
  expect([from < 250, to > 251]).toEqual([true, true]);
  expect(rangeOf(all, windowAround(all, "m0"))[0]).toBe(0);
  expect(rangeOf(all, windowAround(all, "gone"))).toEqual([500 - PAGE, 500]);
});
