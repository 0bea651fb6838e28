"use client";

import { useState } from "react";
import { RequestCard } from "@/components/chat/requests/request-card";
import type { HumanRequestView } from "@/components/chat/requests/request";
import { describeError } from "@/app/(chat)/_chat/actions/expected-error";
import { answerByLink, type AnswerResult } from "./actions";
import { AnswerPage } from "./answer-page";
import { ClosedLink } from "./closed-link";

export type AnswerByLinkProps = { token: string; initial: HumanRequestView };

/** The card of one request, decided in place. */
export function AnswerByLink({ token, initial }: AnswerByLinkProps) {
  const [request, setRequest] = useState(initial);
  const [closed, setClosed] = useState<AnswerResult["closed"]>();
  if (closed) return <ClosedLink state={closed} isTooLate />;
  const isOpen = request.state === "pending";
  return (
    <AnswerPage title={isOpen ? "Needs your answer" : "Thank you"}>
      <RequestCard
        request={request}
        canAllowTool={false}
        onDecide={async (decision) => {
          const result = await answerByLink({ token, decision }).catch((error: unknown): AnswerResult => ({
            problem: describeError(error),
          }));
          if (result.closed) return setClosed(result.closed);
          if (result.request) setRequest(result.request);
          if (result.problem !== undefined) throw new Error(result.problem);
        }}
      />
      <output className="text-sm text-ink-2">
        {isOpen
          ? "This link is for this one decision, and works once. Don't share it."
          : "The agent will continue. You can close this page."}
      </output>
    </AnswerPage>
  );
}
