import { describe, expect, it } from "vitest";
import { readNumber, understood, writeNumber } from "./read-number";

const value = (typed: string, locale: string) => {
  const reading = readNumber(typed, locale);
  return "value" in reading ? reading.value : reading.problem;
};

describe("a number", () => {
  it.each([
    ["en", "1,000", 1000],
    ["en", "1,234.56", 1234.56],
    ["en", "1,234,567", 1_234_567],
    ["en", "12.5", 12.5],
    ["en", "1.234", 1.234],
    ["en", "7,5", 7.5],
    ["en", "0,99", 0.99],
    ["en", "1.234,56", 1234.56],
    ["en", "1.234.567", 1_234_567],
    ["en", "1'000", 1000],
    ["en", "1’000.50", 1000.5],
    ["en", "1 000", 1000],
    ["en", "1\u00A0000,5", 1000.5],
    ["en", "0.123", 0.123],
    ["en-IN", "12,34,567", 1_234_567],
    ["de", "1.000", 1000],
    ["de", "1.234,5", 1234.5],
    ["de", "1,234", 1.234],
    ["de", "1.5", 1.5],
    ["de", "1,000.5", 1000.5],
    ["fr", "1\u202F000,5", 1000.5],
    ["de-CH", "1’000.5", 1000.5],
    ["ar-EG", "١٬٢٣٤٫٥", 1234.5],
    ["en", "１２", 12],
    ["en", " -5 ", -5],
    ["en", "−5", -5],
    ["en", "+5", 5],
    ["en", ".5", 0.5],
    ["en", "5.", 5],
    ["en", "1e3", 1000],
    ["en", "-0.5", -0.5],
    ["en", "00012", 12],
    ["en", "9007199254740991", 9_007_199_254_740_991],
  ])("in %s, %j is %d", (locale, typed, expected) => {
    expect(value(typed, locale)).toBe(expected);
  });

  it.each([
    ["en", "1.000", "1 or 1000"],
    ["de", "1,000", "1 or 1000"],
    ["fr", "1.000", "1 or 1000"],
    ["fr", "1.234", "two numbers"],
    ["de-CH", "1,000", "1 or 1000"],
    ["en", "12,3456", "two numbers"],
    ["en", "1,00,0", "not a number"],
    ["en", "1,000,00", "not a number"],
    ["en", "1.2.3", "not a number"],
    ["en", "1,2.3,4", "not a number"],
    ["en", "12 34", "not a number"],
    ["en", "50%", "not a number"],
    ["en", "€50", "not a number"],
    ["en", "0x10", "not a number"],
    ["en", "Infinity", "not a number"],
    ["en", "1e999", "too large"],
    ["en", "12345678901234567890", "too many digits"],
    ["en", "0.12345678901234567890123", "too many digits"],
    ["en", "abc", "not a number"],
    ["en", "-", "not a number"],
    ["en", ",", "not a number"],
  ])("in %s, %j is refused: %s", (locale, typed, problem) => {
    expect(value(typed, locale)).toMatch(problem);
  });

  it("is shown as parsed, if that differs from the typed text", () => {
    expect(understood("1,000", "en")).toBe("1,000 → 1000");
    expect(understood("1.000,5", "de")).toBe("1.000,5 → 1000,5");
    expect(understood("12.5", "en")).toBeUndefined();
    expect(understood("1.000", "en")).toBeUndefined();
  });

  it.each(["en", "de", "fr", "de-CH", "en-IN", "ar-EG", "pt-BR"])("written in %s is read back", (locale) => {
    for (const number of [0, 1, -1, 0.5, 1.234, 1000, 1000.5, 1234.567, -123456.789, 1e21, 5e-7, 0.1 + 0.2])
      expect([number, value(writeNumber(number, locale), locale)]).toEqual([number, number]);
  });
});
