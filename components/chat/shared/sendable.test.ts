import { describe, expect, it } from "vitest";
import { isSendable, tooLong } from "./sendable";

describe("the limit", () => {
  it("counts the last allowed character as allowed", () => {
    expect(tooLong("x".repeat(20), 20)).toBeNull();
  });

  it("says by how much to shorten", () => {
    expect(tooLong("x".repeat(100_234), 100_000)).toContain("Shorten it by 234.");
  });
});

it("has nothing to send in white space", () => {
  expect(isSendable(" \n\t ")).toBe(false);
  expect(isSendable(" a ")).toBe(true);
});
