"use client";

import { useRef, useState } from "react";
import type { Decide, Decision } from "./request";

export type DecisionState = {
  /** `sent`: it is decided, and the request has not heard of it yet. */
  phase: "open" | "sending" | "sent";
  /** Why the last decision was not taken, as a sentence. */
  error: string | undefined;
  decide: Decide;
  /** The same, for a dialog that stays open and says it itself when the decision is refused. */
  decideOrThrow: Decide;
};

/** One decision at a time. One that is refused leaves the card as it was, with the reason. */
export function useDecision(onDecide: Decide): DecisionState {
  const [phase, setPhase] = useState<DecisionState["phase"]>("open");
  const [error, setError] = useState<string>();
  // Two presses before the page was alive come in one go: the second must not be sent as well.
  const isTaken = useRef(false);

  async function decideOrThrow(decision: Decision) {
    if (isTaken.current) return;
    isTaken.current = true;
    setPhase("sending");
    setError(undefined);
    try {
      await onDecide(decision);
      setPhase("sent");
    } catch (reason) {
      isTaken.current = false;
      setPhase("open");
      throw reason;
    }
  }

  async function decide(decision: Decision) {
    try {
      await decideOrThrow(decision);
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
  }

  return { phase, error, decide, decideOrThrow };
}
