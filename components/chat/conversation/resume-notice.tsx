"use client";

import { Button } from "@/components/ui/button";

export type ResumeNoticeProps = {
  /** Asks the agent to go on from the last word. Absent when there is no word yet. */
  onContinue?: (() => void) | undefined;
  /** Asks the question again; what is there stays as a version. */
  onAskAgain: () => void;
  /** Takes what is there out of sight; redo brings it back. */
  onDiscard?: (() => void) | undefined;
};

/** The branch ends in the middle of an answer, or before one. No way on loses what is there. */
export function ResumeNotice({ onContinue, onAskAgain, onDiscard }: ResumeNoticeProps) {
  return (
    <fieldset
      data-slot="resume-notice"
      aria-label={onContinue ? "Unfinished answer" : "Unanswered question"}
      className="flex flex-wrap items-center gap-2 rounded-md border px-3 py-2 text-[13px] leading-5 text-ink-2"
    >
      <span className="mr-auto min-w-0">{onContinue ? "This answer was stopped." : "Not answered yet."}</span>
      {onContinue && (
        <Button size="sm" onClick={onContinue}>
          Continue
        </Button>
      )}
      <Button size="sm" variant={onContinue ? "ghost" : "outline"} onClick={onAskAgain}>
        Ask again
      </Button>
      {onDiscard && (
        <Button size="sm" variant="ghost" onClick={onDiscard}>
          Discard
        </Button>
      )}
    </fieldset>
  );
}
