import { expect, it } from "vitest";
import { groupByDate } from "./group-by-date";

const now = Date.UTC(2025, 10, 14, 1, 30);
const chat = (id: string, updatedAt: string | number | Date) => ({ id, updatedAt });
const shape = (groups: ReturnType<typeof groupByDate<{ id: string; updatedAt: string | number | Date }>>) =>
  Object.fromEntries(groups.map((group) => [group.label, group.items.map((item) => item.id)]));

it("groups by the reader's days, newest first", () => {
  const chats = [
    chat("old", "2025-09-01T00:00:00Z"),
    chat("week", "2025-11-07T12:00:00Z"),
    chat("today-early", "2025-11-14T00:10:00Z"),
    chat("today", "2025-11-14T01:00:00Z"),
    chat("yesterday", "2025-11-13T23:50:00Z"),
  ];
  expect(shape(groupByDate(chats, now, 0))).toEqual({
    Today: ["today", "today-early"],
    Yesterday: ["yesterday"],
    "Previous 7 days": ["week"],
    Older: ["old"],
  });
});

it("moves the border of the day with the time zone", () => {
  // In New York it is still the evening of the 13th.
  expect(shape(groupByDate([chat("a", "2025-11-14T00:10:00Z")], now, 300))).toEqual({ Today: ["a"] });
  expect(shape(groupByDate([chat("a", "2025-11-13T03:00:00Z")], now, 300))).toEqual({ Yesterday: ["a"] });
});

it("calls a clock that runs ahead today, and an unreadable date older", () => {
  expect(shape(groupByDate([chat("ahead", now + 90_000_000), chat("broken", "not a date")], now, 0))).toEqual(
    {
      Today: ["ahead"],
      Older: ["broken"],
    },
  );
});

it("leaves out empty groups and does not reorder the list it was given", () => {
  const chats = [chat("a", 0), chat("b", now)];
  expect(groupByDate([], now, 0)).toEqual([]);
  groupByDate(chats, now, 0);
  expect(chats.map((each) => each.id)).toEqual(["a", "b"]);
});
