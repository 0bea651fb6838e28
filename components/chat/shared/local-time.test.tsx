import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { LocalTime, timeInWords } from "./local-time";

it("renders UTC on the server, and nothing for an invalid date", () => {
  const html = renderToString(<LocalTime at="2026-11-21T14:02:00Z" />);
  expect(html).toBe('<time data-slot="local-time" dateTime="2026-11-21T14:02:00.000Z">14:02</time>');
  expect(renderToString(<LocalTime at="never" />)).toBe("");
});

it.each([
  ["today", new Date(2026, 10, 21), "14:02", "2:02 PM"],
  ["another day", new Date(2026, 10, 22), "21 Nov, 14:02", "Nov 21, 2:02 PM"],
  ["another year", new Date(2027, 0, 1), "21 Nov 2026, 14:02", "Nov 21, 2026, 2:02 PM"],
])("writes the time of %s in the reader's locale", (_, today, british, american) => {
  const date = new Date(2026, 10, 21, 14, 2);
  const write = (locale: string) => timeInWords(date, today.toDateString(), locale).replace(/\s/g, " ");
  expect([write("en-GB"), write("en-US")]).toEqual([british, american]);
});
