"use client";

import { type ComponentType, useId, useState } from "react";
import { Ban, Check, CircleAlert, LoaderCircle } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";
import type { JobProgress, JobState } from "../durable/side-channels/use-job-progress";
import { stripBidi } from "../shared/strip-bidi";

export type JobCardProps = Omit<React.ComponentProps<"div">, "children"> & {
  name: string;
  /** Undefined: not known yet. */
  progress: Pick<JobProgress, "state" | "done" | "total"> | undefined;
  /** Cancels the job. Rejects with a sentence for the person if that failed. Without it there is no button. */
  onCancel?: () => Promise<void>;
  /** Why the progress isn't known or isn't up to date. */
  problem?: string | undefined;
};

type Face = { label: string; icon: ComponentType<{ className?: string }>; tone: string };

const faces: Record<JobState | "unknown", Face> = {
  unknown: { label: "Loading", icon: LoaderCircle, tone: "text-ink-3 motion-safe:animate-spin" },
  running: { label: "Running", icon: LoaderCircle, tone: "text-ink-3 motion-safe:animate-spin" },
  done: { label: "Done", icon: Check, tone: "text-kelp" },
  canceled: { label: "Canceled", icon: Ban, tone: "text-ink-3" },
  failed: { label: "Failed", icon: CircleAlert, tone: "text-red" },
};

const KELP = "[&::-moz-progress-bar]:bg-kelp [&::-webkit-progress-value]:bg-kelp";
const bars: Record<JobState | "unknown", string> = {
  unknown: "[&::-moz-progress-bar]:bg-transparent",
  running: KELP,
  done: KELP,
  canceled: "[&::-moz-progress-bar]:bg-ink-3 [&::-webkit-progress-value]:bg-ink-3",
  failed: "[&::-moz-progress-bar]:bg-red [&::-webkit-progress-value]:bg-red",
};

/** A job that runs in the background: its progress, live, and a button to cancel it. */
export function JobCard({ name, progress, onCancel, problem, className, ...props }: JobCardProps) {
  const id = useId();
  const [isCanceling, setIsCanceling] = useState(false);
  const [error, setError] = useState<string>();
  const state = progress?.state ?? "unknown";
  const { label, icon: Icon, tone } = faces[state];
  const { done = 0, total = 0 } = progress ?? {};
  const isRunning = state === "running";

  async function cancel() {
    if (isCanceling) return;
    setIsCanceling(true);
    setError(undefined);
    try {
      await onCancel?.();
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
      setIsCanceling(false);
    }
  }

  return (
    <div
      data-slot="job-card"
      data-state={state}
      className={cn("flex flex-col gap-2.5 rounded-md border px-3 py-2.5 text-sm", className)}
      {...props}
    >
      <div className="flex items-center gap-2.5">
        <Icon aria-hidden className={cn("size-4 shrink-0", tone)} />
        <span id={id} className="min-w-0 flex-1 truncate font-[550]">
          {stripBidi(name)}
        </span>
        <span className="shrink-0 text-xs text-ink-3 tabular-nums">
          {isRunning && isCanceling ? "Canceling" : isRunning ? `${done} of ${total}` : label}
        </span>
        {isRunning && onCancel && (
          <Button size="sm" aria-disabled={isCanceling || undefined} onClick={() => void cancel()}>
            Cancel
            <span className="sr-only"> {stripBidi(name)}</span>
          </Button>
        )}
      </div>
      <progress
        aria-labelledby={id}
        aria-valuetext={progress ? `${label}, ${done} of ${total} steps` : label}
        value={progress ? done : undefined}
        max={Math.max(1, total)}
        className={cn(
          "h-1.5 w-full appearance-none overflow-clip rounded-full bg-raised [&::-webkit-progress-bar]:bg-raised [&::-webkit-progress-value]:rounded-full",
          bars[state],
        )}
      />
      {(state === "canceled" || state === "failed") && (
        <p className="text-[13px] text-ink-2">
          {state === "canceled"
            ? `Canceled after ${done} of ${total} steps.`
            : `It failed after ${done} of ${total} steps. Ask for it again to start over.`}
        </p>
      )}
      {(error ?? problem) !== undefined && (
        <p role={error === undefined ? undefined : "alert"} className="text-[13px] wrap-anywhere text-red">
          {error === undefined ? problem : `Couldn't cancel it. ${error}`}
        </p>
      )}
      <output className="sr-only">{state === "running" || state === "unknown" ? "" : `${label}.`}</output>
    </div>
  );
}
