import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { hasMeta, MessageMeta, formatCost, minutesToRead } from "./message-meta";

const textOf = (element: React.ReactElement) => renderToString(element).replace(/<[^>]*>/g, "");

it("says what is known and nothing else", () => {
  expect(
    textOf(
      <MessageMeta
        model="Sonnet"
        inputTokens={1_000}
        outputTokens={204}
        cost={0.0042}
        finishedAt="2025-11-14T14:10:00Z"
      />,
    ),
  ).toBe("Sonnet·1,204 tokens·$0.0042·14:10");
  expect(textOf(<MessageMeta cost={null} />)).toBe("price unknown");
  expect(textOf(<MessageMeta finishedAt="never" />)).toBe("");
});

it("describes an answer without a token count, and not an empty one", () => {
  const long = "word ".repeat(660);
  const stopped = { text: long };
  const uncounted = { text: long, cost: null, finishedAt: "2025-11-14T14:10:00Z" };
  const empty = { ...uncounted, text: "\n" };
  expect([stopped, uncounted, empty].map((props) => textOf(<MessageMeta {...props} />))).toEqual([
    "3 min read",
    "price unknown·3 min read·14:10",
    "",
  ]);
  expect([stopped, uncounted, empty, { text: "Short." }].map(hasMeta)).toEqual([true, true, false, false]);
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
