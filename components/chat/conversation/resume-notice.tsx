"use client";

import { Button } from "@/components/ui/button";

export type ResumeNoticeProps = {
  /** Continues the answer after its last word. Absent when there is no text yet. */
  onContinue?: (() => void) | undefined;
  /** Regenerates the answer; the unfinished one is kept as a version. */
  onAskAgain: () => void;
  /** Hides the unfinished answer; redo shows it again. */
  onDiscard?: (() => void) | undefined;
};

/** Shown when the branch ends in an unfinished answer or a prompt without one. Every action keeps what was written. */
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
        {onContinue ? "Regenerate" : "Try again"}
      </Button>
      {onDiscard && (
        <Button size="sm" variant="ghost" onClick={onDiscard}>
          Discard
        </Button>
      )}
    </fieldset>
  );
}
