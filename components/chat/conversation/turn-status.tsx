"use client";

import { type ComponentType, type ReactNode, useState } from "react";
import { Check, CircleAlert, Clock, Hand, RefreshCw, Square, WifiOff, Wrench } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";
import type { TurnState } from "../durable/turn-state";
import { stripBidi } from "../shared/strip-bidi";

type Face = {
  text: string;
  icon: ComponentType<{ className?: string }> | null;
  tone?: string;
  isActive?: boolean;
};

export const turnStates: Record<TurnState, Face> = {
  idle: { text: "", icon: null },
  sending: { text: "Sending…", icon: Pulse, isActive: true },
  queued: { text: "Queued, starting shortly", icon: Clock, isActive: true },
  thinking: { text: "Thinking…", icon: Pulse, isActive: true },
  "using-tool": { text: "Using a tool…", icon: Wrench, isActive: true },
  // The growing text already shows progress.
  answering: { text: "", icon: null, isActive: true },
  stalled: { text: "Still waiting for the model", icon: Clock, isActive: true },
  waiting: { text: "Waiting for you", icon: Hand, tone: "text-amber-ink" },
  reconnecting: { text: "Reconnecting. The answer is still being written", icon: RefreshCw, isActive: true },
  offline: { text: "You're offline. Nothing is lost; it continues when you reconnect", icon: WifiOff },
  recovered: { text: "Resumed after a restart", icon: Check, tone: "text-kelp" },
  stopped: { text: "You stopped this answer", icon: Square },
  failed: { text: "Something went wrong", icon: CircleAlert, tone: "text-red" },
};

export type TurnStatusProps = Omit<React.ComponentProps<"div">, "children"> & {
  state: TurnState;
  /** The running tool, shown by name. */
  tool?: string | undefined;
  /** Replaces the sentence, or for a failure follows it: what went wrong, in words that people can act on. */
  detail?: ReactNode;
  /** Shows "Retry" when the turn failed, was stopped or is stuck. */
  onRetry?: (() => void) | undefined;
  /** Shows "Stop" when the turn is stuck. */
  onStop?: (() => void) | undefined;
  /** The answer ends with a request for this person. Announced instead of "Answer finished". */
  needsAnswer?: boolean;
  /** Announced once at the end of an answer. Default: "Answer finished". */
  finished?: string | undefined;
};

/**
 * The status line under the list. It keeps its height in every state and is the only live region: it announces states
 * and the end of an answer, never the streamed words.
 */
export function TurnStatus({
  state,
  tool,
  detail,
  onRetry,
  onStop,
  needsAnswer = false,
  finished = "Answer finished",
  className,
  ...props
}: TurnStatusProps) {
  const [previous, setPrevious] = useState(state);
  const [hasFinished, setHasFinished] = useState(false);
  if (previous !== state) {
    setPrevious(state);
    setHasFinished(state === "idle" && turnStates[previous].isActive === true);
  }

  const face = turnStates[state];
  const Icon = face.icon;
  const canRetry = onRetry && (state === "failed" || state === "stopped" || state === "stalled");
  return (
    <div
      data-slot="turn-status"
      data-state={state}
      className={cn(
        "flex min-h-7 items-center gap-2 text-[13px] leading-5 text-ink-3 pointer-coarse:min-h-11",
        className,
      )}
      {...props}
    >
      <output aria-label="Turn status" className="flex min-w-0 items-start gap-2">
        {Icon && <Icon aria-hidden className={cn("mt-0.5 size-4 shrink-0", face.tone)} />}
        <span className={cn("min-w-0 wrap-anywhere", face.tone)}>
          {state === "failed" && detail ? (
            <>
              {face.text}: <span className="text-ink-2">{detail}</span>
            </>
          ) : (
            (detail ?? (state === "using-tool" && tool ? `Using ${stripBidi(tool)}…` : face.text))
          )}
        </span>
        {hasFinished && <span className="sr-only">{needsAnswer ? "Needs your answer" : finished}</span>}
      </output>
      {onStop && state === "stalled" && (
        <Button size="sm" variant="ghost" onClick={onStop}>
          Stop
        </Button>
      )}
      {canRetry && (
        <Button size="sm" onClick={onRetry}>
          Retry
        </Button>
      )}
    </div>
  );
}

function Pulse({ className }: { className?: string }) {
  return (
    <span aria-hidden className={cn("grid place-items-center", className)}>
      <span className="size-2 rounded-full bg-kelp motion-safe:animate-pulse" />
    </span>
  );
}
