import type { LanguageModelUsage } from "ai";
import { expect, it } from "vitest";
import { usageOf } from "./usage";

const usage = (inputTokens?: number, outputTokens?: number, cacheReadTokens?: number) =>
  ({ inputTokens, outputTokens, inputTokenDetails: { cacheReadTokens } }) as LanguageModelUsage;

it("tells tokens and cost, and leaves out what was not reported", () => {
  expect(usageOf("anthropic/claude-haiku-4-5", usage(1_000_000, 100_000, 500_000))).toEqual({
    inputTokens: 1_000_000,
    outputTokens: 100_000,
    cost: 0.5 + 0.05 + 0.5,
    finishedAt: expect.any(String),
  });
  expect(usageOf("anthropic/claude-haiku-4-5", usage(10))).toMatchObject({ inputTokens: 10, cost: null });
  expect(usageOf("nobody/knows", usage(10, 10))).toMatchObject({ outputTokens: 10, cost: null });
});

it("counts an answer that goes on after a person was asked as one", () => {
  const first = usageOf("anthropic/claude-haiku-4-5", usage(1_000_000, 0));
  expect(usageOf("anthropic/claude-haiku-4-5", usage(1_000_000, 20), first)).toMatchObject({
    inputTokens: 2_000_000,
    outputTokens: 20,
    cost: expect.closeTo(2.0001, 6),
  });
  expect(usageOf("anthropic/claude-haiku-4-5", usage(1, 1), { ...first, cost: null }).cost).toBeNull();
  expect(usageOf("nobody/knows", usage(1, 1), first).cost).toBeNull();
});
