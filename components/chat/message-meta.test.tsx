import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { MessageMeta, formatCost, minutesToRead } from "./message-meta";

const words = (element: React.ReactElement) => renderToString(element).replace(/<[^>]*>/g, "");

it("says what is known and nothing else", () => {
  expect(
    words(
      <MessageMeta
        model="Sonnet"
        inputTokens={1_000}
        outputTokens={204}
        cost={0.0042}
        finishedAt="2025-11-14T14:10:00Z"
        timeZone="Europe/Oslo"
      />,
    ),
  ).toBe("Sonnet·1,204 tokens·$0.0042·15:10");
  expect(words(<MessageMeta cost={null} />)).toBe("price unknown");
  expect(words(<MessageMeta finishedAt="never" />)).toBe("");
});

it("writes money with the digits that mean something", () => {
  expect([0, 0.00001, 0.0042, 0.12, 1234.5].map(formatCost)).toEqual([
    "free",
    "< $0.0001",
    "$0.0042",
    "$0.12",
    "$1,234.50",
  ]);
});

it("knows that some scripts have no spaces", () => {
  expect(minutesToRead("word ".repeat(660))).toBe(3);
  expect(minutesToRead("潮".repeat(1_000))).toBe(2);
});
