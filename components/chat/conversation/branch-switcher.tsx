"use client";

import { ChevronLeft, ChevronRight } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";

export type BranchSwitcherProps = Omit<React.ComponentProps<"fieldset">, "children"> & {
  /** The number of the shown version, from 1. */
  index: number;
  count: number;
  /** Absent on the first version. */
  onPrevious?: (() => void) | undefined;
  /** Absent on the last version. */
  onNext?: (() => void) | undefined;
};

/** `‹ 2/3 ›`: the versions of one message. The arrow keys work while it has the focus. */
export function BranchSwitcher({
  index,
  count,
  onPrevious,
  onNext,
  className,
  ...props
}: BranchSwitcherProps) {
  return (
    // The keys are a shortcut for the two focusable buttons inside.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <fieldset
      data-slot="branch-switcher"
      aria-label={`Version ${index} of ${count}`}
      className={cn("flex items-center", className)}
      onKeyDown={(event) => {
        // With a modifier the arrow keys belong to the browser: Alt+Left goes back a page.
        if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
        const go = event.key === "ArrowLeft" ? onPrevious : event.key === "ArrowRight" ? onNext : undefined;
        if (!go) return;
        event.preventDefault();
        go();
      }}
      {...props}
    >
      <Step label="Previous version" onStep={onPrevious}>
        <ChevronLeft aria-hidden />
      </Step>
      <output className="min-w-7 text-center whitespace-nowrap tabular-nums">
        <span aria-hidden>
          {index}/{count}
        </span>
        {/* Text rather than a label, because screen readers announce only changed text. */}
        <span className="sr-only">{`Version ${index} of ${count}`}</span>
      </output>
      <Step label="Next version" onStep={onNext}>
        <ChevronRight aria-hidden />
      </Step>
    </fieldset>
  );
}

type StepProps = { label: string; onStep: (() => void) | undefined; children: React.ReactNode };

/** Stays focusable at either end, so that keyboard users keep their focus. */
function Step({ label, onStep, children }: StepProps) {
  return (
    <Button
      variant="ghost"
      size="icon-sm"
      aria-label={label}
      title={label}
      aria-disabled={onStep ? undefined : true}
      onClick={() => onStep?.()}
    >
      {children}
    </Button>
  );
}
