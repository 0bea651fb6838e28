import fc from "fast-check";
import { expect, it } from "vitest";
import { eventMessageId, eventText, readEvent, type ToldEvent } from "./event-message";

const messageOf = (text: string, id = eventMessageId("1"), role: "user" | "assistant" = "user") => ({
  id,
  role,
  parts: [{ type: "text" as const, text }],
});

it("reads back what it wrote, whatever the data is", () => {
  const event = fc.record<ToldEvent>({
    source: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,39}$/),
    type: fc.stringMatching(/^[\w.:/-]{1,100}$/),
    at: fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") })
      .map((date) => date.toISOString()),
    sequence: fc.option(fc.nat()),
    isLate: fc.boolean(),
    data: fc.string(),
  });
  fc.assert(
    fc.property(event, (each) => {
      expect(readEvent(messageOf(eventText(each)))).toEqual(each);
    }),
  );
});

it("takes no person's message and no answer for an event", () => {
  const text = eventText({
    source: "shop",
    type: "a",
    at: "2026-01-31T09:30:00.000Z",
    sequence: 1,
    isLate: false,
    data: "{}",
  });
  expect(readEvent(messageOf(text, "m1"))).toBeUndefined();
  expect(readEvent(messageOf(text, eventMessageId("1"), "assistant"))).toBeUndefined();
  expect(readEvent(messageOf("Event of the year"))).toBeUndefined();
  expect(readEvent({ id: eventMessageId("1"), role: "user", parts: [] })).toBeUndefined();
});
