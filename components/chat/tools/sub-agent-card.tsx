"use client";

import { type ComponentType, type ElementType, type ReactNode, useId, useState } from "react";
import { Bot, Check, ChevronDown, CircleAlert, CircleDashed, Hand, LoaderCircle } from "lucide-react";
import { cn } from "@/lib/utils";
import { formatDuration } from "./duration";

export type SubAgentState = "running" | "waiting" | "done" | "failed" | "stopped";
export type SubAgentStep = {
  id: string;
  title: string;
  detail?: string;
  state: SubAgentState;
  /** The steps that this step delegated in turn. */
  steps?: SubAgentStep[];
};

export type SubAgentCardProps = Omit<React.ComponentProps<"div">, "children"> & {
  name: string;
  /** The sub-agent's task. */
  task?: string;
  state: SubAgentState;
  steps: SubAgentStep[];
  durationMs?: number;
  /** A person is needed, although it doesn't wait. */
  needsPerson?: boolean;
  /** The page that shows its session. */
  inspectHref?: string | undefined;
  /** Renders links, for example the framework's link. */
  linkAs?: ElementType<{ href: string; className?: string; children: ReactNode }>;
  /** Shown below the steps: its requests to the person, and its result. */
  children?: ReactNode;
};

type Face = { label: string; icon: ComponentType<{ className?: string }>; tone: string };

const subAgentStates: Record<SubAgentState, Face> = {
  running: { label: "Working", icon: LoaderCircle, tone: "text-ink-3 motion-safe:animate-spin" },
  waiting: { label: "Waiting for you", icon: Hand, tone: "text-amber" },
  done: { label: "Done", icon: Check, tone: "text-kelp" },
  failed: { label: "Failed", icon: CircleAlert, tone: "text-red" },
  stopped: { label: "Didn't finish", icon: CircleDashed, tone: "text-ink-3" },
};

/** A sub-agent's work, step by step. Folded unless a person is needed. */
export function SubAgentCard({
  name,
  task,
  state,
  steps,
  durationMs,
  needsPerson = false,
  inspectHref,
  linkAs: Anchor = "a",
  children,
  className,
  ...props
}: SubAgentCardProps) {
  // A pending request is never folded automatically, and a person's own choice is kept.
  const [chosen, setChosen] = useState<boolean>();
  const isOpen = chosen ?? (needsPerson || state === "waiting");
  const id = useId();
  const face = subAgentStates[state];
  // Folded, it says what it is doing.
  const doing = state === "running" ? steps.at(-1)?.title : undefined;
  return (
    <div
      data-slot="sub-agent-card"
      data-state={state}
      className={cn("overflow-clip rounded-md border text-sm", className)}
      {...props}
    >
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        className="flex min-h-10 w-full items-center gap-2.5 rounded-md px-3 text-left text-ink-2 -outline-offset-2 hover:bg-raised/60 pointer-coarse:min-h-11"
        onClick={() => setChosen(!isOpen)}
      >
        <Bot aria-hidden className="size-4 shrink-0 text-ink-3" />
        <span className="max-w-[55%] shrink-0 truncate font-[550] text-ink">{name}</span>
        <span className="min-w-0 flex-1 truncate text-[13px]">{doing ?? task}</span>
        <span className="flex shrink-0 items-center gap-1.5 text-xs text-ink-3 tabular-nums">
          <face.icon aria-hidden className={cn("size-3.5", face.tone)} />
          {state === "done" && durationMs !== undefined ? formatDuration(durationMs) : face.label}
        </span>
        <ChevronDown aria-hidden className={cn("size-3.5 shrink-0 text-ink-3", isOpen && "rotate-180")} />
      </button>
      {isOpen && (
        <div id={id} data-slot="sub-agent-body" className="flex flex-col gap-3 border-t p-3">
          {steps.length > 0 && <Steps steps={steps} />}
          {steps.length === 0 && state === "running" && <p className="text-xs text-ink-3">No steps yet.</p>}
          {steps.length === 0 && state === "stopped" && <p className="text-xs text-ink-3">No steps.</p>}
          {children}
          {inspectHref !== undefined && (
            <Anchor
              href={inspectHref}
              className="self-start text-xs text-ink-3 underline underline-offset-3 hover:text-ink pointer-coarse:py-3"
            >
              Inspect its session
            </Anchor>
          )}
        </div>
      )}
    </div>
  );
}

const MAX_DEPTH = 4;

function Steps({ steps, depth = 0 }: { steps: SubAgentStep[]; depth?: number }) {
  return (
    <ol className={cn("flex flex-col gap-1.5", depth > 0 && "mt-1.5 ml-2 border-l pl-4")}>
      {steps.map((step) => {
        const face = subAgentStates[step.state];
        return (
          <li key={step.id} className="text-[13px]">
            <span className="flex items-start gap-2.5">
              <face.icon aria-hidden className={cn("mt-0.5 size-4 shrink-0", face.tone)} />
              <span className="min-w-0 wrap-anywhere">
                {step.title}
                <span className="sr-only">, {face.label}</span>
                {step.detail && <span className="text-ink-3"> · {step.detail}</span>}
              </span>
            </span>
            {step.steps && step.steps.length > 0 && depth < MAX_DEPTH && (
              <Steps steps={step.steps} depth={depth + 1} />
            )}
          </li>
        );
      })}
    </ol>
  );
}
