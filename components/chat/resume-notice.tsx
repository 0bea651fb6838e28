"use client";

import { Button } from "@/components/ui/button";

export type ResumeNoticeProps = {
  /** Asks the agent to go on from the last word. */
  onContinue: () => void;
  /** Asks again; what is there stays as a version. */
  onDiscard: () => void;
};

/** The last answer ends in the middle, because somebody or something stopped it. Both ways on keep what is there. */
export function ResumeNotice({ onContinue, onDiscard }: ResumeNoticeProps) {
  return (
    <fieldset
      data-slot="resume-notice"
      aria-label="Unfinished answer"
      className="flex flex-wrap items-center gap-2 rounded-md border px-3 py-2 text-[13px] leading-5 text-ink-2"
    >
      <span className="mr-auto min-w-0">This answer is not finished. What is there stays.</span>
      <Button size="sm" onClick={onContinue}>
        Continue
      </Button>
      <Button size="sm" variant="ghost" onClick={onDiscard}>
        Discard
      </Button>
    </fieldset>
  );
}
