import { expect, it } from "vitest";
import { failuresOf, workThrough } from "./batches";

it("works on every item, some at a time, and collects what failed", async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  const failures = await failuresOf(
    [1, 2, 3, 4, 5],
    async (item) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      if (item === 2) throw new Error("no 2");
      done.push(item);
    },
    2,
  );
  expect(failures).toEqual([new Error("no 2")]);
  expect(new Set(done)).toEqual(new Set([1, 3, 4, 5]));
  expect(most).toBe(2);
  expect(await failuresOf([], async () => {})).toEqual([]);
});

it("claims until a claim no longer fills its batch", async () => {
  const left = [1, 2, 3, 4, 5];
  const claims: number[][] = [];
  const done: number[] = [];
  const claim = async (limit: number) => {
    const claimed = left.splice(0, limit);
    claims.push([...claimed]);
    return claimed;
  };
  const failures = await workThrough(
    claim,
    async (item) => {
      if (item === 1) throw new Error("no 1");
      done.push(item);
    },
    { batch: 2, atOnce: 1 },
  );
  expect(claims).toEqual([[1, 2], [3, 4], [5]]);
  expect(done).toEqual([2, 3, 4, 5]);
  expect(failures).toEqual([new Error("no 1")]);
});
