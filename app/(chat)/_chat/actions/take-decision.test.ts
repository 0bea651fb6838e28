/** Which decisions a browser may send. */
import { expect, it, vi } from "vitest";

vi.mock("server-only", () => ({}));
const { decisionSchema } = await import("./take-decision");
const reads = (given: unknown) => decisionSchema.safeParse(given);

it.each([
  { type: "approve" },
  { type: "approve", remember: true, editedInput: { amount: 7.5 } },
  { type: "approve", phrase: "delete orders" },
  { type: "deny" },
  { type: "deny", reason: "Too much." },
  { type: "answer", output: { option: "dune" } },
  { type: "skip" },
])("takes %o as it is", (decision) => {
  expect(reads(decision)).toEqual({ success: true, data: decision });
});

it.each([
  {},
  { type: "execute" },
  { type: "approve", remember: "yes" },
  { type: "deny", reason: 7 },
  "approve",
  null,
])("refuses %o", (decision) => {
  expect(reads(decision).success).toBe(false);
});
