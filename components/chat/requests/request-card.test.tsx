import { expect, it } from "vitest";
import { renderToString } from "react-dom/server";
import { answerSchemas } from "@/lib/agent/tool-schemas";
import { ArgumentTable } from "./argument-table";
import { MAX_ANSWER_LENGTH, readAnswer, readQuestion } from "./question";
import type { HumanRequestView, RequestKind, RequestState } from "./request";
import { RequestBar } from "./request-bar";
import { RequestCard } from "./request-card";

const request: HumanRequestView = {
  chatId: "c",
  toolCallId: "t",
  messageId: "m",
  tool: "refundPayment",
  kind: "approval",
  title: "Approve a refund",
  input: { amount: 89, to: { name: "Mara" } },
  state: "pending",
  createdAt: "2026-11-21T14:02:00Z",
};

/** The visible text, without the comment nodes that React puts between two pieces of text. */
function textOf(element: React.ReactElement) {
  return renderToString(element)
    .replaceAll("<!-- -->", "")
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ");
}

const card = (more: Partial<HumanRequestView>) =>
  textOf(<RequestCard request={{ ...request, ...more }} onDecide={async () => {}} />);

it("has a face for every kind in every state, whatever the input is", () => {
  const kinds: RequestKind[] = ["question", "approval", "form", "confirm"];
  const labels: Record<RequestState, string> = {
    pending: "Waiting since",
    answered: "Answered",
    approved: "Approved",
    denied: "Denied",
    skipped: "Skipped",
    expired: "Expired",
    superseded: "Superseded",
    "unknown-outcome": "Outcome unknown",
  };
  for (const kind of kinds)
    for (const [state, label] of Object.entries(labels))
      for (const value of [undefined, null, "text", 7, [], { options: "none" }, request.input])
        expect(
          card({ kind, state: state as RequestState, input: value, output: value, schema: value }),
        ).toContain(label);
});

it("says who decided what, from where and when", () => {
  const by = { decidedBy: "Mara", decidedVia: "inbox", decidedAt: "2026-11-21T14:05:00Z" } as const;
  expect(card({ state: "approved", ...by })).toContain("Approved by Mara, from the inbox · 14:05");
  expect(card({ state: "approved", editedInput: { amount: 75, to: { name: "Mara" } }, ...by })).toContain(
    "Approved with 1 edit by Mara",
  );
  expect(card({ state: "denied", reason: "Wrong lamp.", ...by })).toContain("Wrong lamp.");
  expect(card({ state: "unknown-outcome", ...by })).toContain(
    "the connection dropped before we got a result",
  );
});

it("does not say of who decided that they took it back", () => {
  const by = { decidedBy: "Mara", decidedVia: "card", decidedAt: "2026-11-21T14:05:00Z" } as const;
  expect(card({ state: "superseded", ...by })).toContain("Superseded after a decision by Mara, in the chat");
  expect(card({ state: "superseded", decidedAt: by.decidedAt })).toContain("Superseded · 14:05");
  expect(card({ state: "skipped", ...by })).toContain("Skipped by Mara, in the chat");
  const reason = "Approved, but not run: a message was sent before every request was decided.";
  const notCarriedOut = card({ state: "skipped", reason, ...by });
  expect(notCarriedOut).toContain("Approved by Mara, in the chat");
  expect(notCarriedOut).toContain(reason);
  expect(notCarriedOut).not.toContain("without an answer");
});

it("offers no button once it is decided", () => {
  expect(
    renderToString(<RequestCard request={{ ...request, state: "denied" }} onDecide={async () => {}} />),
  ).not.toContain("<button");
});

it("shows proposed and edited arguments side by side, down to the value", () => {
  const text = textOf(
    <ArgumentTable
      label="refundPayment"
      value={{ amount: 89, to: { name: "Mara", city: "Oslo" }, old: 1 }}
      edited={{ amount: 75, to: { name: "Mara", city: "Bergen" } }}
    />,
  );
  expect(text).toContain("Amount proposed 89 now 75");
  expect(text).toContain("To · Name Mara");
  expect(text).toContain("To · City proposed Oslo now Bergen");
  expect(text).toContain("Old proposed 1 removed");
});

it("writes out what cannot be seen in an argument", () => {
  expect(textOf(<ArgumentTable label="open" value={{ path: "a\u202Eb\u200B\u0000\nc" }} />)).toContain(
    "a\\u{202e}b\\u{200b}\\u{0000} c",
  );
});

it("takes an answer in one's own words as long as the tool takes it", () => {
  const input = { question: "Which lamp?", options: [], allowText: true };
  const html = renderToString(
    <RequestCard request={{ ...request, kind: "question", input }} onDecide={async () => {}} />,
  );
  expect(html).toContain(`maxLength="${MAX_ANSWER_LENGTH}"`);
  const fits = (length: number) =>
    answerSchemas.askQuestion.safeParse({ optionIds: [], text: "x".repeat(length) }).success;
  expect([fits(MAX_ANSWER_LENGTH), fits(MAX_ANSWER_LENGTH + 1)]).toEqual([true, false]);
});

it("reads a half-written question", () => {
  expect(readQuestion(undefined)).toMatchObject({ question: "", options: [], allowText: true });
  expect(readQuestion({ options: [{ id: "a", label: "A" }, null, { label: 7 }] }).options).toEqual([
    { id: "a", label: "A" },
    { id: "1", label: "Option 2" },
  ]);
  expect(readAnswer({ optionIds: ["a", 7], text: "" })).toEqual({ optionIds: ["a"] });
});

it("counts pending requests, and is hidden when there are none", () => {
  expect(textOf(<RequestBar requests={[request]} />)).toContain("Needs your answer: Approve a refund");
  expect(textOf(<RequestBar requests={[request, { ...request, toolCallId: "u" }]} />)).toContain("1 of 2");
  expect(renderToString(<RequestBar requests={[]} />)).toBe("");
});
