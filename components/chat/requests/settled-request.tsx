"use client";

import type { ComponentType } from "react";
import { Ban, Check, CircleHelp, ClockAlert, Hand, History, SkipForward } from "lucide-react";
import { cn } from "@/lib/utils";
import { ArgumentTable } from "./argument-table";
import { readAnswer, readQuestion } from "./question";
import { type HumanRequestView, type RequestState, type SettledView, toolTitle } from "./request";
import { LocalTime } from "../shared/local-time";
import { changesBetween } from "../shared/json";

type Face = { label: string; icon: ComponentType<{ className?: string }>; tone: string; note?: string };

export const settledFaces: Record<RequestState, Face> = {
  pending: { label: "Waiting for you", icon: Hand, tone: "text-amber" },
  answered: { label: "Answered", icon: Check, tone: "text-kelp" },
  approved: { label: "Approved", icon: Check, tone: "text-kelp" },
  denied: { label: "Denied", icon: Ban, tone: "text-ink-3" },
  skipped: {
    label: "Skipped",
    icon: SkipForward,
    tone: "text-ink-3",
    note: "The agent continued without an answer.",
  },
  expired: {
    label: "Expired",
    icon: ClockAlert,
    tone: "text-ink-3",
    note: "No one decided in time, so nothing ran. Send a message to ask the agent again.",
  },
  superseded: {
    label: "Superseded",
    icon: History,
    tone: "text-ink-3",
    note: "This message was edited or regenerated. If it's still needed, the new version will ask.",
  },
  "unknown-outcome": {
    label: "Outcome unknown",
    icon: CircleHelp,
    tone: "text-red",
    note: "It was approved, but the connection dropped before we got a result. It was not retried, so it can't happen twice. Please check, then tell the agent.",
  },
};

/** The view of a decided request. Undefined while it is pending. */
export function settledView(request: HumanRequestView): SettledView | undefined {
  if (request.state === "pending") return undefined;
  const { icon, tone, label } = settledFaces[request.state];
  return { icon, tone, label, content: <SettledRequest request={request} /> };
}

/** The result of a request: what was decided, by whom, from where, when. */
export function SettledRequest({ request }: { request: HumanRequestView }) {
  // Why an approved call didn't run says more than that the request wasn't answered, which may not even be true.
  const note = isNotCarriedOut(request) ? undefined : settledFaces[request.state].note;
  return (
    <div data-slot="settled-request" className="flex flex-col gap-3">
      <Content request={request} />
      {request.reason && (
        <blockquote
          data-slot="request-reason"
          dir="auto"
          className="border-l-2 border-line-strong pl-3 text-sm wrap-anywhere whitespace-pre-wrap text-ink-2"
        >
          {request.reason}
        </blockquote>
      )}
      {note && (
        <p className={cn("text-sm", request.state === "unknown-outcome" ? "text-red" : "text-ink-2")}>
          {note}
        </p>
      )}
      <DecidedBy request={request} />
    </div>
  );
}

function Content({ request }: { request: HumanRequestView }) {
  switch (request.kind) {
    case "question":
      return <AnsweredQuestion request={request} />;
    case "form":
      return request.state === "answered" ? (
        <ArgumentTable label="Answer" value={request.output} schema={request.schema} />
      ) : null;
    case "approval":
    case "confirm":
      return (
        <ArgumentTable
          label={toolTitle(request)}
          value={request.input}
          edited={request.editedInput}
          schema={request.schema}
        />
      );
  }
}

function AnsweredQuestion({ request }: { request: HumanRequestView }) {
  const { options } = readQuestion(request.input);
  const answer = readAnswer(request.output);
  return (
    <>
      <ul aria-label="Options" className="flex flex-col gap-1 text-sm">
        {options.map((option) => {
          const isChosen = answer.optionIds.includes(option.id);
          return (
            <li
              key={option.id}
              dir="auto"
              className={cn(
                "flex items-start gap-2.5 wrap-anywhere",
                isChosen ? "font-medium" : "text-ink-3",
              )}
            >
              <span className="grid h-5 w-4 shrink-0 place-items-center">
                {isChosen && <Check aria-hidden className="size-4 text-kelp" />}
              </span>
              {option.label}
              {isChosen && <span className="sr-only">(chosen)</span>}
            </li>
          );
        })}
      </ul>
      {answer.text && (
        <p dir="auto" className="pl-[26px] text-sm wrap-anywhere whitespace-pre-wrap">
          {answer.text}
        </p>
      )}
    </>
  );
}

const FROM: Record<NonNullable<HumanRequestView["decidedVia"]>, string> = {
  card: "in the chat",
  inbox: "from the inbox",
  link: "from a link",
  api: "through the API",
  message: "by sending a message instead",
  policy: "automatically (always allowed)",
  timeout: "timed out",
};

/** "Approved with 1 edit by Mara, from the inbox · 14:05" */
function DecidedBy({ request }: { request: HumanRequestView }) {
  const { state, decidedBy, decidedVia, decidedAt } = request;
  const edits =
    state === "approved" && request.editedInput !== undefined && request.editedInput !== null
      ? changesBetween(request.input, request.editedInput).length
      : 0;
  const what = `${labelOf(request)}${edits > 0 ? ` with ${edits} ${edits === 1 ? "edit" : "edits"}` : ""}`;
  return (
    <p data-slot="decided-by" className="text-xs text-ink-3">
      {what}
      {decidedBy && ` by ${decidedBy}`}
      {decidedVia && `${decidedBy ? ", " : " "}${FROM[decidedVia]}`}
      {decidedAt && (
        <>
          {" · "}
          <LocalTime at={decidedAt} />
        </>
      )}
    </p>
  );
}

/** The decision made by the named person. Later states, such as expiry, have no person. */
function labelOf(request: HumanRequestView): string {
  const { state, decidedBy, decidedVia } = request;
  if (state === "unknown-outcome" || isNotCarriedOut(request)) return settledFaces.approved.label;
  const isOvertaken = state === "superseded" && (decidedBy || decidedVia);
  return isOvertaken ? "Superseded after a decision" : settledFaces[state].label;
}

/** The request was approved, but the agent skipped it. A skipped request has no reason. */
function isNotCarriedOut({ state, reason }: HumanRequestView): boolean {
  return state === "skipped" && Boolean(reason);
}
