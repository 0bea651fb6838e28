import { expect, it } from "vitest";
import { z } from "zod";
import { OutOfTimeError, withinTime } from "./within-time";

it("returns what the work returns, and throws what it throws", () => {
  expect(withinTime(1_000, () => ({ a: 1 }))).toEqual({ a: 1 });
  expect(() => withinTime(1_000, () => z.string().parse(1))).toThrow(z.ZodError);
});

it("breaks off a pattern that would take for ever", () => {
  const text = `${"a".repeat(40)}!`;
  expect(() => withinTime(50, () => /^(a+)+$/.test(text))).toThrow(OutOfTimeError);
  expect(() =>
    withinTime(50, () =>
      z
        .string()
        .regex(/^(a|a)*$/)
        .safeParse(text),
    ),
  ).toThrow(OutOfTimeError);
  // And nothing of it stays behind.
  expect(withinTime(1_000, () => /^a+$/.test("aaa"))).toBe(true);
});
