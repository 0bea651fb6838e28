"use client";

import { useEffect, useState } from "react";
import { OutcomeCard, type OutcomeCardProps } from "@/components/chat/outcome-card";
import type { ToolPart } from "@/components/chat/tool-card";
import type { UnknownOutcome } from "@/lib/chat/unknown-outcome";
import { describeError } from "./expected-error";
import { readOutcome, settleOutcome } from "./outcome-actions";

export type OutcomeProps = { chatId: string; part: ToolPart; unknown: UnknownOutcome };

/** The message says that it was not known; the ledger says whether it still is. */
export function Outcome({ chatId, part, unknown }: OutcomeProps) {
  const [outcome, setOutcome] = useState<OutcomeCardProps["outcome"]>("unknown");
  const { effect, tool, input, startedAt } = unknown;
  useEffect(() => {
    let isGone = false;
    readOutcome(chatId, effect).then(
      (known) => !isGone && setOutcome(known),
      // Then it is asked once more than needed, and the answer is checked on the server.
      () => {},
    );
    return () => void (isGone = true);
  }, [chatId, effect]);

  async function settle(found: Parameters<OutcomeCardProps["onSettle"]>[0]) {
    try {
      setOutcome(await settleOutcome(chatId, effect, found));
    } catch (error) {
      throw new Error(describeError(error));
    }
  }

  return (
    <OutcomeCard
      tool={tool}
      input={part.input}
      edited={input}
      startedAt={startedAt}
      outcome={outcome}
      onSettle={settle}
    />
  );
}
