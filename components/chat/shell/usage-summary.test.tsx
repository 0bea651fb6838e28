import { expect, it } from "vitest";
import { renderToString } from "react-dom/server";
import { UsageSummary, type UsageSum } from "./usage-summary";

const sum = (changes: Partial<UsageSum> = {}): UsageSum => ({
  answers: 3,
  inputTokens: 12_000,
  outputTokens: 450,
  cost: 0.0312,
  unpriced: 0,
  uncounted: 0,
  ...changes,
});
const textOf = (branch: UsageSum, chat: UsageSum) =>
  renderToString(<UsageSummary branch={branch} chat={chat} />)
    .replaceAll(/<!--.*?-->/g, "")
    .replaceAll("&#x27;", "'")
    .split(/<[^>]*>/)
    .filter(Boolean);

it("has one column while there is one branch", () => {
  expect(textOf(sum(), sum())).toEqual([
    ...["What", "This chat", "Answers", "3", "Input tokens", "12,000"],
    ...["Output tokens", "450", "Cost", "$0.03"],
  ]);
});

it("has the shown branch beside all of them", () => {
  const text = textOf(sum(), sum({ answers: 5, cost: 1.5 }));
  expect(text.slice(0, 3)).toEqual(["What", "Shown branch", "All branches"]);
  expect(text.slice(-2)).toEqual(["$0.03", "$1.50"]);
});

it("says for how many answers the price is unknown, and takes the rest for a lower bound", () => {
  const text = textOf(sum(), sum({ answers: 5, unpriced: 2 }));
  expect(text).toContain("at least $0.03");
  expect(text.at(-1)).toBe("Price unknown for 2 answers.");
  expect(textOf(sum(), sum({ answers: 5, unpriced: 2, uncounted: 1 })).at(-1)).toBe(
    "Price unknown for 2 answers. The tokens of 1 answer weren't counted: stopped, or not reported by the model.",
  );
});

it("gives no number when no price is known, and none to an empty chat", () => {
  expect(textOf(sum({ cost: 0, unpriced: 3 }), sum({ cost: 0, unpriced: 3 }))).toContain("unknown");
  expect(textOf(sum({ answers: 0 }), sum({ answers: 0 }))).toEqual(["No usage yet."]);
});
