"use client";

import { useState } from "react";
import { requestKey, type Decision, type HumanRequestView } from "./request";

export type Decide = (decision: Decision) => Promise<void>;

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

  async function decideOrThrow(decision: Decision) {
    if (phase !== "open") return;
    setPhase("sending");
    setError(undefined);
    try {
      await onDecide(decision);
      setPhase("sent");
    } catch (reason) {
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

// A card leaves the page when its message is scrolled far away. What was typed in it must not leave with it.
const drafts = new Map<string, unknown>();

/** State that lives as long as the request waits, not as long as its card is on the page. */
export function useRequestDraft<T>(
  request: RequestName,
  name: string,
  initial: () => T,
): [T, (next: T) => void] {
  const key = `${prefixOf(request)}${name}`;
  const [value, setValue] = useState<T>(() => (drafts.has(key) ? (drafts.get(key) as T) : initial()));
  return [
    value,
    (next) => {
      drafts.set(key, next);
      setValue(next);
    },
  ];
}

/** The request is decided: what was typed for it is of no use any more. */
export function forgetRequestDrafts(request: RequestName) {
  for (const key of drafts.keys()) if (key.startsWith(prefixOf(request))) drafts.delete(key);
}

type RequestName = Pick<HumanRequestView, "chatId" | "messageId" | "toolCallId">;

function prefixOf(request: RequestName) {
  return `${request.chatId} ${requestKey(request)} `;
}
