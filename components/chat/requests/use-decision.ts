"use client";

import { useRef, useState } from "react";
import type { Decide, Decision } from "./request";

export type DecisionState = {
  /** `sent`: the decision is saved, but the request doesn't show it yet. */
  phase: "open" | "sending" | "sent";
  /** Why the last decision wasn't accepted, as a sentence. */
  error: string | undefined;
  decide: Decide;
  /** Like `decide`, but rejects, for a dialog that stays open and shows the error itself. */
  decideOrThrow: Decide;
};

/** Allows one decision at a time. If it is refused, the card stays as it was and shows why. */
export function useDecision(onDecide: Decide): DecisionState {
  const [phase, setPhase] = useState<DecisionState["phase"]>("open");
  const [error, setError] = useState<string>();
  // Two presses before hydration are replayed together: don't send the second.
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
