"use client";

import { useState } from "react";
import { OutcomeCard, type OutcomeCardProps } from "@/components/chat/requests/outcome-card";

const input = { orderId: "A-1042", amount: 89, currency: "EUR", reason: "It arrived broken." };

/** A side effect with an unknown outcome, before and after a person answered. */
export function OutcomeSection() {
  return (
    // Not a landmark: the shell beside it already has them.
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
    <div role="group" aria-label="Outcome card" data-case className="flex flex-col gap-4">
      <h2 className="text-xs text-ink-3">Outcome card</h2>
      <div className="flex w-full max-w-[720px] flex-col gap-5">
        <Settled outcome="unknown" />
        <Settled outcome="unknown" refusal="The server did not answer." />
        <Settled outcome="happened" />
        <Settled outcome="did-not-happen" />
      </div>
    </div>
  );
}

/** Resolves by itself; with a refusal, the first try fails. */
function Settled({ outcome: initial, refusal }: Pick<OutcomeCardProps, "outcome"> & { refusal?: string }) {
  const [outcome, setOutcome] = useState(initial);
  const [wasRefused, setWasRefused] = useState(refusal === undefined);
  async function settle(found: typeof initial) {
    setWasRefused(true);
    if (!wasRefused) throw new Error(refusal);
    setOutcome(found);
  }
  return (
    <OutcomeCard
      tool="refund"
      input={input}
      startedAt="2026-11-21T14:02:00Z"
      outcome={outcome}
      onSettle={settle}
    />
  );
}
