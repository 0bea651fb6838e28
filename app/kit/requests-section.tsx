"use client";

import { useState } from "react";
import { DecisionHistory } from "@/components/chat/requests/decision-history";
import { InboxList } from "@/components/chat/requests/inbox-list";
import type { Decision, HumanRequestView } from "@/components/chat/requests/request";
import { RequestBar } from "@/components/chat/requests/request-bar";
import { RequestCard } from "@/components/chat/requests/request-card";
import { SubAgentCard, type SubAgentStep } from "@/components/chat/tools/sub-agent-card";
import * as samples from "./request-samples";
import { settle } from "./settle";
import { WaitingChat } from "./waiting-chat";
import { ColumnCase } from "./case";

/** Every kind of request in every state, on fixed data. Decisions stay in this page. */
export function RequestsSection() {
  return (
    <>
      <ColumnCase className="gap-5" name="Question card">
        <Decidable request={samples.question} />
        <Decidable request={samples.severalQuestion} />
      </ColumnCase>
      <ColumnCase className="gap-5" name="Approval card">
        <Decidable request={samples.approval} />
        <Decidable request={samples.plainApproval} />
        <Decidable request={samples.disguisedApproval} />
      </ColumnCase>
      <ColumnCase className="gap-5" name="Approval card, refused once">
        <Decidable
          request={{ ...samples.approval, toolCallId: "approval-refused" }}
          refusal="Someone else is deciding this right now. Try again in a moment."
        />
      </ColumnCase>
      <ColumnCase className="gap-5" name="Form card">
        <Decidable request={samples.form} />
      </ColumnCase>
      <ColumnCase className="gap-5" name="Confirm card">
        <Decidable request={samples.confirm} refusal="The server did not answer." />
      </ColumnCase>
      <ColumnCase className="gap-5" name="Decided requests">
        {samples.decided.map((request) => (
          <RequestCard key={request.toolCallId} request={request} onDecide={nothing} />
        ))}
      </ColumnCase>
      <ColumnCase className="gap-5" name="Request bar">
        <RequestBar
          aria-label="Needs your answer, one request"
          requests={[{ ...samples.approval, title: "refund of € 89.00" }]}
        />
        <RequestBar
          aria-label="Needs your answer, three requests"
          requests={[samples.question, samples.approval, { ...samples.form, onOtherBranch: true }]}
        />
      </ColumnCase>
      <ColumnCase className="gap-5" name="Sub-agent card">
        <SubAgents />
      </ColumnCase>
      <ColumnCase className="gap-5" name="Decision history">
        <DecisionHistory decisions={samples.decided.slice(2, 5)} exports={{ csv: "#csv", json: "#json" }} />
        <DecisionHistory decisions={[]} />
      </ColumnCase>
      <ColumnCase className="gap-5" name="Inbox">
        <DecidableInbox />
      </ColumnCase>
      <ColumnCase className="gap-5" name="Waiting conversation">
        <WaitingChat />
      </ColumnCase>
      <ColumnCase className="gap-5" name="Inbox, empty">
        <InboxList requests={[]} onDecide={nothing} hrefOf={() => "#"} />
      </ColumnCase>
    </>
  );
}

async function nothing() {}

/** Resolves by itself; with a refusal, the first try fails. */
function Decidable({ request: initial, refusal }: { request: HumanRequestView; refusal?: string }) {
  const [request, setRequest] = useState(initial);
  const [wasRefused, setWasRefused] = useState(refusal === undefined);
  async function decide(decision: Decision) {
    if (!wasRefused) {
      setWasRefused(true);
      throw new Error(refusal);
    }
    setRequest(settle(request, decision));
  }
  return <RequestCard request={request} onDecide={decide} />;
}

function DecidableInbox() {
  const [requests, setRequests] = useState(samples.inbox);
  return (
    <InboxList
      requests={requests}
      hrefOf={({ chatId }) => `#${chatId}`}
      onDecide={async (request, decision) =>
        setRequests((all) => all.map((each) => (each === request ? settle(each, decision) : each)))
      }
    />
  );
}

const steps: SubAgentStep[] = [
  { id: "1", title: "Read order 4417", state: "done" },
  {
    id: "2",
    title: "Compared couriers",
    state: "done",
    steps: [
      { id: "a", title: "Asked Nordpost", state: "done" },
      { id: "b", title: "Asked Kystbud", detail: "no answer", state: "failed" },
    ],
  },
];

function SubAgents() {
  return (
    <div className="flex flex-col gap-3">
      <SubAgentCard
        name="courier-agent"
        task="Find a courier for Monday"
        state="waiting"
        steps={[...steps, { id: "3", title: "Needs a decision", state: "waiting" }]}
      >
        <Decidable request={{ ...samples.severalQuestion, toolCallId: "sub-agent-question" }} />
      </SubAgentCard>
      <SubAgentCard name="courier-agent" task="Find a courier for Monday" state="running" steps={steps} />
      <SubAgentCard name="courier-agent" state="done" steps={steps} durationMs={42_000} />
      <SubAgentCard name="courier-agent" task="Find a courier for Monday" state="failed" steps={[]} />
    </div>
  );
}
