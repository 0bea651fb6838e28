import { describe, expect, it } from "vitest";
import { heapMbOf, isMachine, largerMachine } from "./machines";

const GB = 1024 ** 3;

describe("the heap of a machine", () => {
  it("leaves a part of the memory to Node itself", () => {
    expect(heapMbOf("small-1x", 64 * GB)).toBe(409);
    expect(heapMbOf("medium-1x", 64 * GB)).toBe(1638);
  });

  it("is never larger than this computer", () => {
    expect(heapMbOf("large-2x", 2 * GB)).toBe(1638);
  });
});

describe("the next machine", () => {
  it("is the next one with more memory", () => {
    expect(largerMachine("micro", 64 * GB)).toBe("small-1x");
    expect(largerMachine("small-2x", 64 * GB)).toBe("medium-1x");
  });

  it("is none when this computer has no more memory, or no preset has", () => {
    expect(largerMachine("medium-1x", 2 * GB)).toBeUndefined();
    expect(largerMachine("large-2x", 64 * GB)).toBeUndefined();
  });
});

it("knows a preset by its name only", () => {
  expect([isMachine("micro"), isMachine("toString"), isMachine(undefined)]).toEqual([true, false, false]);
});
