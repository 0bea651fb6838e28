/** A side effect with an unknown outcome. Small, because the browser loads it, too. */

import { marked, markOf } from "./marks";

/** The tool's output in that case, so that the conversation keeps it and a person can settle it. */
export type UnknownOutcome = {
  outcome: "unknown";
  /** The effect's key: what `settleEffect` takes. */
  effect: string;
  tool: string;
  /** The arguments that it ran with, which an edit may have changed. */
  input: unknown;
  startedAt: string;
  message: string;
};

/** Thrown instead of a retry: the effect may have happened, and only a person can find out. */
export class UnknownOutcomeError extends Error {
  override name = "UnknownOutcomeError";
  readonly outcome: UnknownOutcome;

  constructor(
    effect: { key: string; tool: string; input: unknown; startedAt: Date },
    options?: ErrorOptions,
  ) {
    const message =
      `Whether "${effect.tool}" happened is not known: what carried it out broke off before it could say. ` +
      "It may have happened, so it is not tried again by itself. Check, and then say which it was.";
    super(message, options);
    this.outcome = marked("unknown-outcome", {
      outcome: "unknown" as const,
      effect: effect.key,
      tool: effect.tool,
      input: effect.input,
      startedAt: effect.startedAt.toISOString(),
      message,
    });
  }
}

/** The outcome, when this tool output is one that is not known. */
export function unknownOutcomeOf(output: unknown): UnknownOutcome | undefined {
  return markOf(output) === "unknown-outcome" ? (output as UnknownOutcome) : undefined;
}

/** One of a sub-agent's calls, in the output of the tool that delegated to it. */
export type NestedUnknownOutcome = { toolCallId: string; outcome: UnknownOutcome };

/** The outcomes that are not known, of the calls of a sub-agent. */
export function nestedUnknownOutcomesOf(output: unknown): NestedUnknownOutcome[] {
  if (markOf(output) !== "sub-agent") return [];
  return (output as { unknown?: NestedUnknownOutcome[] }).unknown ?? [];
}
