"use client";

import { Button } from "@/components/ui/button";

/** How an answer ended, when it ended otherwise than a reader would think. */
export type Ending = "length" | "content-filter" | "steps" | "empty" | "only-thoughts";

/** Also what a screen reader hears in place of "Answer finished". */
export const endingTexts: Record<Ending, string> = {
  length: "Cut off at the model's limit.",
  "content-filter": "The model provider's content filter stopped this answer.",
  steps: "Stopped at the limit of steps for one answer.",
  empty: "The model returned an empty answer.",
  "only-thoughts": "The model stopped after thinking, without an answer.",
};

export type EndingNoticeProps = {
  ending: Ending;
  /** How many steps the agent may take, for `steps`. */
  maxSteps?: number;
  /** Asks the agent to go on from the last word. Absent when there is nothing to continue. */
  onContinue?: (() => void) | undefined;
  /** Answers the same question again; this answer is kept as a version. */
  onRegenerate?: (() => void) | undefined;
};

/** Stands below an answer that is less than it looks, with the way on. */
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
