import { expect, it } from "vitest";
import { isNestedAtMost } from "./nesting";
import { plainLine } from "./plain-line";

it("leaves nothing in a title that turns or hides what stands beside it", () => {
  expect(plainLine("a\u202Egpj.exe\u2066b\u2069\u200F \u061Cc")).toBe("agpj.exeb c");
  expect(plainLine("  two\nlines\tand\u0000 NUL ")).toBe("two lines and NUL");
  expect(plainLine("שלום \uD800world 👩‍👩‍👧")).toBe("שלום \uFFFDworld 👩‍👩‍👧");
});

it("measures how deep a value is, however deep", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = level % 2 ? [deep] : { deep };
  expect(isNestedAtMost(deep, 100)).toBe(false);
  expect(isNestedAtMost({ a: [{ b: 1 }] }, 3)).toBe(true);
  expect(isNestedAtMost({ a: [{ b: {} }] }, 2)).toBe(false);
  expect(isNestedAtMost("text", 0)).toBe(true);
});
