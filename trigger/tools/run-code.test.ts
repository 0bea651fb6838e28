import { expect, it } from "vitest";
import type { CodeRunOutput } from "@/lib/agent/code-run";
import { forModel } from "./run-code";

const done: CodeRunOutput = { state: "done", output: "", durationMs: 1, truncated: false };

it("tells the model what came out, in a few words", () => {
  expect(forModel(done)).toBe("It ran, printed nothing and returned nothing.");
  expect(forModel({ ...done, output: "hello\n", value: "3" })).toBe("Value: 3\n\nPrinted:\nhello");
  expect(
    forModel({
      ...done,
      state: "failed",
      error: { kind: "thrown", name: "TypeError", message: "no such thing", hint: "Look again.", lines: [4] },
    }),
  ).toBe("Failed (line 4): TypeError: no such thing Look again.");
});

it("never tells it more than a few thousand characters", () => {
  const all: CodeRunOutput = {
    ...done,
    output: "o".repeat(32_000),
    omitted: 50_000_000,
    value: "v".repeat(8_000),
    table: {
      columns: ["a"],
      rows: Array.from({ length: 200 }, () => ["x"]),
      totalRows: 9_999,
      totalColumns: 1,
    },
    error: { kind: "thrown", message: "m".repeat(2_000) },
    restarted: true,
  };
  const text = forModel(all);
  expect(text.length).toBeLessThan(12_000);
  expect(text).toContain("50,028,000 more characters");
  expect(text).toContain("200 of 9999 rows");
});
