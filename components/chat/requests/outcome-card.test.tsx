import { expect, it } from "vitest";
import { renderToString } from "react-dom/server";
import { OutcomeCard, type OutcomeCardProps } from "./outcome-card";

const html = (outcome: OutcomeCardProps["outcome"], input: unknown = { amount: 89 }) =>
  renderToString(
    <OutcomeCard
      tool="refund"
      input={input}
      startedAt="2026-11-21T14:02:00Z"
      outcome={outcome}
      onSettle={async () => {}}
    />,
  ).replaceAll("<!-- -->", "");

it("asks what only a person can know, and shows what it is about", () => {
  const asked = html("unknown");
  for (const text of ["Did the refund go through?", "we got a result", "Amount", "89", "14:02"])
    expect(asked).toContain(text);
  expect(
    asked.match(/<button[^>]*>(.*?)<\/button>/g)?.map((button) => button.replaceAll(/<[^>]+>/g, "")),
  ).toEqual(["Yes, it went through", "No, it didn&#x27;t"]);
});

it.each([
  ["happened", "It went through."],
  ["did-not-happen", "through, so the agent can try it again."],
] as const)("says that it %s, and asks no more", (outcome, words) => {
  expect(html(outcome)).toContain(words);
  expect(html(outcome)).not.toContain("<button");
});

it("renders with any input", () => {
  for (const input of [undefined, null, "text", 7, [], { deep: { er: [1] } }])
    expect(html("unknown", input)).toContain("Did the refund go through?");
});

it("shows what was carried out when a person had changed it", () => {
  const shown = renderToString(
    <OutcomeCard
      tool="refund"
      input={{ amount: 89 }}
      edited={{ amount: 75 }}
      startedAt={new Date(0)}
      outcome="unknown"
      onSettle={async () => {}}
    />,
  );
  expect(shown).toMatch(/proposed .*89.*now .*75/s);
});
