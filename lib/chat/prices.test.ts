import { describe, expect, it } from "vitest";
import { readEnv } from "../env";
import { costOf, priceOf } from "./prices";

const withPrices = (prices: object) => readEnv({ MODEL_PRICES: JSON.stringify(prices) });

describe("a price", () => {
  it.each([
    ["anthropic/claude-sonnet-5-5", 2],
    ["gateway/anthropic/claude-sonnet-5.5", 2],
    ["openai/gpt-5.5", 5],
    ["demo", 0],
  ])("%s is on the list", (id, input) => {
    expect(priceOf(id, readEnv({}))?.input).toBe(input);
  });

  it.each(["openai/gpt-99", "compatible/gpt-5.5", "", "constructor", "x/__proto__"])("%j has none", (id) => {
    expect(priceOf(id, readEnv({}))).toBeUndefined();
  });

  it("can be set by the installation, for a name or for one provider's; a wrong setting counts as none", () => {
    const own = withPrices({
      "gpt-99": { input: 1, output: 2 },
      "compatible/gpt-5.5": { input: 3, output: 4 },
    });
    expect(priceOf("openai/gpt-99", own)).toEqual({ input: 1, cachedInput: 1, output: 2 });
    expect(priceOf("compatible/gpt-5.5", own)?.input).toBe(3);
    for (const wrong of ["{", "[]", '{"gpt-99":{"input":-1,"output":1}}', '{"gpt-99":"free"}']) {
      expect(priceOf("openai/gpt-99", readEnv({ MODEL_PRICES: wrong }))).toBeUndefined();
    }
  });
});

describe("a cost", () => {
  const price = { input: 2, cachedInput: 0.2, output: 10 };

  it("counts cached input once, at its own rate", () => {
    expect(costOf(price, { inputTokens: 1_000_000, outputTokens: 100_000 })).toBeCloseTo(3);
    expect(
      costOf(price, { inputTokens: 1_000_000, cachedInputTokens: 500_000, outputTokens: 0 }),
    ).toBeCloseTo(1.1);
    expect(costOf(price, { inputTokens: 10, cachedInputTokens: 500, outputTokens: 0 })).toBeCloseTo(0.000002);
  });

  it("is not known without a price or without a count", () => {
    expect(costOf(undefined, { inputTokens: 1, outputTokens: 1 })).toBeNull();
    expect(costOf(price, { inputTokens: 1 })).toBeNull();
  });
});
