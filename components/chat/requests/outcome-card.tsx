"use client";

import { useId, useRef, useState } from "react";
import { Ban, Check, CircleHelp } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";
import { ArgumentTable } from "./argument-table";
import { RequestForm } from "./request-frame";
import { LocalTime } from "../shared/local-time";

export type Outcome = "happened" | "did-not-happen";

export type OutcomeCardProps = Omit<React.ComponentProps<"article">, "children"> & {
  tool: string;
  /** The tool's proposed input. */
  input: unknown;
  /** The tool's actual input, if a person edited it. */
  edited?: unknown;
  startedAt: string | Date;
  /** The current state of the outcome. */
  outcome: Outcome | "unknown";
  /** Rejects with a sentence for the person if it couldn't be saved. */
  onSettle: (outcome: Outcome) => Promise<void>;
};

const faces = {
  unknown: { icon: CircleHelp, tone: "text-red", label: "Outcome unknown" },
  happened: { icon: Check, tone: "text-kelp", label: "Yes, it went through" },
  "did-not-happen": { icon: Ban, tone: "text-ink-3", label: "No, it didn't" },
};

const settledText = {
  happened: "It went through. If the agent asks for it again, the card says so.",
  "did-not-happen": "It didn't go through, so the agent can try it again.",
};

const choices = ["happened", "did-not-happen"] as const;

/** Asks a person for the outcome of a tool call that was interrupted while it changed something. */
export function OutcomeCard({
  tool,
  input,
  edited,
  startedAt,
  outcome,
  onSettle,
  className,
  ...props
}: OutcomeCardProps) {
  const titleId = useId();
  const [isSending, setIsSending] = useState(false);
  const [error, setError] = useState<string>();
  // Two presses before hydration are replayed together.
  const isTaken = useRef(false);
  const { icon: Icon, tone, label } = faces[outcome];

  async function settle(chosen: Outcome) {
    if (isTaken.current) return;
    isTaken.current = true;
    setIsSending(true);
    setError(undefined);
    try {
      await onSettle(chosen);
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
    isTaken.current = false;
    setIsSending(false);
  }

  return (
    <article
      data-slot="outcome-card"
      data-outcome={outcome}
      aria-labelledby={titleId}
      className={cn(
        "flex w-full flex-col overflow-clip rounded-lg border bg-surface",
        outcome === "unknown" && "border-red-line",
        className,
      )}
      {...props}
    >
      <header data-slot="outcome-header" className="flex items-start gap-2.5 px-4 pt-3.5">
        <Icon aria-hidden className={cn("mt-1 size-4 shrink-0", tone)} />
        <h3 id={titleId} className="min-w-0 flex-1 font-[550] wrap-anywhere">
          Did the {named(tool)} go through?
        </h3>
        <span className="shrink-0 pt-0.5 text-xs text-ink-3 tabular-nums">
          Started <LocalTime at={startedAt} />
        </span>
      </header>
      <div data-slot="outcome-body" className="flex flex-col gap-3 px-4 pt-1 pb-4">
        <p className="pl-[26px] text-sm text-ink-2">
          {outcome === "unknown"
            ? "The connection dropped before we got a result. It was not retried, so it can't happen twice. Please check, then tell us."
            : settledText[outcome]}
        </p>
        <ArgumentTable label={tool} value={input} edited={edited} />
        {outcome === "unknown" && (
          <RequestForm data-slot="outcome-actions" className="flex flex-wrap items-center gap-2">
            {choices.map((choice) => (
              <Button
                key={choice}
                type="submit"
                aria-disabled={isSending || undefined}
                formAction={() => void settle(choice)}
              >
                {faces[choice].label}
              </Button>
            ))}
          </RequestForm>
        )}
        {error && (
          <p role="alert" data-slot="outcome-error" className="text-[13px] wrap-anywhere text-red">
            Couldn't save. Your input is still here. {error}
          </p>
        )}
      </div>
      <output data-slot="outcome-status" className="sr-only">
        {outcome === "unknown" ? "" : `${label}.`}
      </output>
    </article>
  );
}

/** Lowercases a title for the middle of a sentence: "refund", but "SQL query". */
function named(title: string): string {
  return /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title;
}
