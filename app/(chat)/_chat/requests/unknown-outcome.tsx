"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { OutcomeCard, type OutcomeCardProps } from "@/components/chat/requests/outcome-card";
import type { ToolPart } from "@/components/chat/tools/tool-card";
import { humanize } from "@/components/chat/shared/json";
import { KnownError } from "@/components/chat/shared/known-error";
import type { UnknownOutcome } from "@/lib/chat/effects/unknown-outcome";
import { describeError } from "../actions/expected-error";
import { settleOutcome } from "../actions/outcome";
import { readOutcome } from "../reads/fetchers";

export type OutcomeProps = {
  chatId: string;
  part: Pick<ToolPart, "title" | "input">;
  unknown: UnknownOutcome;
};

/** The message only knows that the outcome was unknown; the ledger knows whether it still is. */
export function Outcome({ chatId, part, unknown }: OutcomeProps) {
  const { effect, tool, input, startedAt } = unknown;
  const client = useQueryClient();
  const queryKey = ["outcome", chatId, effect];
  // Until the ledger is read, or if it can't be, the card asks. The server checks the answer, so asking again is safe.
  const { data: outcome = "unknown" } = useQuery({
    queryKey,
    queryFn: ({ signal }) => readOutcome(chatId, effect, signal),
    refetchOnMount: "always",
  });

  async function settle(found: Parameters<OutcomeCardProps["onSettle"]>[0]) {
    try {
      const known = await settleOutcome(chatId, effect, found);
      await client.cancelQueries({ queryKey });
      client.setQueryData(queryKey, known);
    } catch (error) {
      throw new KnownError(describeError(error));
    }
  }

  return (
    <OutcomeCard
      tool={part.title ?? humanize(tool)}
      input={part.input}
      edited={input}
      startedAt={startedAt}
      outcome={outcome}
      onSettle={settle}
    />
  );
}
