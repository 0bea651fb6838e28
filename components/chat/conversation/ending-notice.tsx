"use client";

import { Button } from "@/components/ui/button";

/** Why an answer ended early or differently than it seems. */
export type Ending = "length" | "content-filter" | "steps" | "empty" | "only-thoughts";

/** Screen readers hear it instead of "Answer finished". */
export const endingTexts: Record<Ending, string> = {
  length: "Cut off at the model's limit.",
  "content-filter": "The model provider's content filter stopped this answer.",
  steps: "Stopped at the step limit for one answer.",
  empty: "The model returned an empty answer.",
  "only-thoughts": "The model stopped after thinking, without an answer.",
};

export type EndingNoticeProps = {
  ending: Ending;
  /** The step limit of the agent, for `steps`. */
  maxSteps?: number;
  /** Continues the answer after its last word. Absent when there is nothing to continue. */
  onContinue?: (() => void) | undefined;
  /** Regenerates the answer; this one is kept as a version. */
  onRegenerate?: (() => void) | undefined;
};

/** Shown below an incomplete answer, with the actions that help. */
export function EndingNotice({ ending, maxSteps, onContinue, onRegenerate }: EndingNoticeProps) {
  const text =
    ending === "steps" && maxSteps !== undefined ? `Stopped after ${maxSteps} steps.` : endingTexts[ending];
  return (
    <fieldset
      data-slot="ending-notice"
      data-ending={ending}
      aria-label="How this answer ended"
      className="flex flex-wrap items-center gap-2 rounded-md border px-3 py-2 text-[13px] leading-5 text-ink-2"
    >
      <span className="mr-auto min-w-0">{text}</span>
      {onContinue && (
        <Button size="sm" onClick={onContinue}>
          Continue
        </Button>
      )}
      {onRegenerate && (
        <Button size="sm" variant={onContinue ? "ghost" : "outline"} onClick={onRegenerate}>
          Regenerate
        </Button>
      )}
    </fieldset>
  );
}
