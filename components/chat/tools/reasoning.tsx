"use client";

import { useId, useState } from "react";
import { ChevronRight, Zap } from "lucide-react";
import { cn } from "@/lib/utils";
import { stripBidi } from "../shared/strip-bidi";
import { useElapsed } from "./duration";

export type ReasoningProps = React.ComponentProps<"div"> & {
  text: string;
  isStreaming?: boolean;
  /** How long the model thought. Without it, the line shows its own measurement, or just "Thought". */
  durationMs?: number;
};

export function Reasoning({ text, isStreaming = false, durationMs, className, ...props }: ReasoningProps) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  const measured = useElapsed(isStreaming);
  const ms = durationMs ?? measured;
  const label = isStreaming
    ? "Thinking…"
    : ms === undefined
      ? "Thought"
      : `Thought for ${Math.max(1, Math.round(ms / 1000))} s`;
  // Some providers report that the model thought, but not what.
  const hasText = text.trim() !== "";

  return (
    <div
      data-slot="reasoning"
      data-state={isStreaming ? "streaming" : "done"}
      className={cn("text-sm", className)}
      {...props}
    >
      <button
        data-slot="reasoning-trigger"
        type="button"
        aria-expanded={hasText ? isOpen : undefined}
        aria-controls={hasText && isOpen ? id : undefined}
        disabled={!hasText}
        className="flex min-h-7 items-center gap-2 rounded-sm text-ink-3 tabular-nums enabled:hover:text-ink-2 pointer-coarse:min-h-11"
        onClick={() => setIsOpen(!isOpen)}
      >
        <Zap aria-hidden className="size-4 stroke-[1.75]" />
        {label}
        {hasText && <ChevronRight aria-hidden className={cn("size-3.5", isOpen && "rotate-90")} />}
      </button>
      {hasText && isOpen && (
        <div
          id={id}
          data-slot="reasoning-text"
          dir="auto"
          className="mt-1 ml-[7px] border-l pl-4 leading-[22px] wrap-anywhere whitespace-pre-wrap text-ink-2"
        >
          {stripBidi(text.trim())}
        </div>
      )}
    </div>
  );
}
