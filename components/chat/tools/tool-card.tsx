"use client";

import { type ComponentType, useId, useState } from "react";
import { type DynamicToolUIPart, type ToolUIPart, getToolName } from "ai";
import {
  Ban,
  Check,
  ChevronDown,
  CircleAlert,
  CircleDashed,
  CircleHelp,
  Hand,
  LoaderCircle,
  SkipForward,
} from "lucide-react";
import { CopyButton } from "@/components/ui/copy-button";
import { ScrollBox } from "@/components/ui/scroll-box";
import { cn } from "@/lib/utils";
import { humanize, toText } from "../shared/json";
import { stripBidi } from "../shared/strip-bidi";
import { formatDuration, useElapsed } from "./duration";
import { MessageImage } from "./message-image";
import { findImages, foldData } from "./output-images";

export type ToolPart = ToolUIPart | DynamicToolUIPart;
export type ToolState = ToolPart["state"];

type Face = { label: string; icon: ComponentType<{ className?: string }>; tone: string; isRunning?: boolean };

const RUNNING = { icon: LoaderCircle, tone: "text-ink-3 motion-safe:animate-spin", isRunning: true };

const toolStates: Record<ToolState, Face> = {
  "input-streaming": { ...RUNNING, label: "Preparing" },
  "input-available": { ...RUNNING, label: "Running" },
  "approval-requested": { label: "Waiting for you", icon: Hand, tone: "text-amber" },
  "approval-responded": { ...RUNNING, label: "Answered" },
  "output-available": { label: "Done", icon: Check, tone: "text-kelp" },
  "output-error": { label: "Failed", icon: CircleAlert, tone: "text-red" },
  "output-denied": { label: "Denied", icon: Ban, tone: "text-ink-3" },
};

/** The tool has sent a partial result and is still running. */
const UNDER_WAY: Face = { ...RUNNING, label: "Running" };
const UNFINISHED: Face = { label: "Didn't finish", icon: CircleDashed, tone: "text-ink-3" };
/** A person was asked, and the conversation continued without an answer. */
const SKIPPED: Face = { label: "Skipped", icon: SkipForward, tone: "text-ink-3" };
const OUTCOME_UNKNOWN: Face = { label: "Outcome unknown", icon: CircleHelp, tone: "text-red" };
const UNKNOWN: Face = { label: "Unknown state", icon: CircleDashed, tone: "text-ink-3" };

export type ToolCardProps = Omit<React.ComponentProps<"div">, "part"> & {
  part: ToolPart;
  /** Whether the answer with this call is still being written; afterwards, a running call counts as unfinished. */
  isStreaming?: boolean;
  /** The duration of the call. Without it, the card shows its own measurement, or nothing. */
  durationMs?: number;
};

/** Any tool call: its name, input and state, with the details one press away. */
export function ToolCard({ part, isStreaming = false, durationMs, className, ...props }: ToolCardProps) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  // A stored message can have a state that this version doesn't know, or the name of an inherited property.
  const known = Object.hasOwn(toolStates, part.state) ? toolStates[part.state] : UNKNOWN;
  const isPreliminary = part.state === "output-available" && part.preliminary === true;
  const settled = part.state === "output-available" ? faceOf(part.output) : undefined;
  const stored = isPreliminary ? UNDER_WAY : (settled ?? known);
  const face = stored.isRunning && !isStreaming ? UNFINISHED : stored;
  const elapsed = useElapsed(face.isRunning ?? false);
  const duration = durationMs ?? (face.isRunning ? undefined : elapsed);
  const Icon = face.icon;
  const name = stripBidi(part.title || humanize(getToolName(part)));
  const { input, output, isEdited } = ran(part);
  // While running, the progress is shown; before and after, the input.
  const said =
    part.state === "output-error" ? part.errorText : (isPreliminary && summarize(output)) || summarize(input);

  return (
    <div
      data-slot="tool-card"
      data-tool={getToolName(part)}
      data-state={part.state}
      className={cn(
        "overflow-clip rounded-md border text-sm",
        face === toolStates["approval-requested"] && "border-amber-line bg-amber-soft",
        className,
      )}
      {...props}
    >
      <button
        data-slot="tool-card-header"
        type="button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        className="flex h-10 w-full items-center gap-2.5 rounded-md px-3 text-left text-ink-2 -outline-offset-2 hover:bg-raised/60 pointer-coarse:h-11"
        onClick={() => setIsOpen(!isOpen)}
      >
        <Icon aria-hidden className={cn("size-4 shrink-0", face.tone)} />
        <span className="max-w-[55%] shrink-0 truncate font-[550] text-ink">{name}</span>
        <span className="sr-only">{face.label}</span>
        <span
          data-slot="tool-card-summary"
          className={cn("min-w-0 flex-1 truncate text-[13px]", part.state === "output-error" && "text-red")}
        >
          {stripBidi(said.slice(0, 300))}
        </span>
        {/* Wide enough for any duration, so that the header doesn't move when the call ends. */}
        <span className="min-w-11 shrink-0 text-right text-xs text-ink-3 tabular-nums">
          {duration === undefined
            ? face.isRunning || face === toolStates["output-available"]
              ? null
              : face.label
            : formatDuration(duration)}
        </span>
        <ChevronDown aria-hidden className={cn("size-3.5 shrink-0 text-ink-3", isOpen && "rotate-180")} />
      </button>
      {isOpen && (
        <div id={id} data-slot="tool-card-body" className="flex flex-col gap-3 border-t bg-code p-3">
          <Value label={isEdited ? "Input (as approved)" : "Input"} value={input} />
          {part.state === "output-error" ? (
            <Value label="Error" value={part.errorText} isError />
          ) : part.state === "output-available" ? (
            <>
              <Value label={isPreliminary ? "Output so far" : "Output"} value={output} />
              <Images output={output} />
            </>
          ) : (
            <p className="text-xs text-ink-3">{part.approval?.reason || `${face.label}. No output yet.`}</p>
          )}
        </div>
      )}
    </div>
  );
}

/** The arguments that the call ran with, if a person edited them: the output contains them. */
function ran({ state, input, output }: ToolPart): { input: unknown; output: unknown; isEdited: boolean } {
  if (state !== "output-available" || markOf(output) !== "edited") return { input, output, isEdited: false };
  const { approvedInput, result } = output as { approvedInput: unknown; result: unknown };
  return { input: approvedInput, output: result, isEdited: true };
}

/** The special state in an output. Undefined for an ordinary result. */
function faceOf(output: unknown): Face | undefined {
  const mark = markOf(output);
  if (mark === "unanswered") return (output as { skipped?: boolean }).skipped ? SKIPPED : undefined;
  // The output says that the tool may or may not have made its change.
  return mark === "unknown-outcome" ? OUTCOME_UNKNOWN : undefined;
}

/** The server's note about the call in its output. A tool can't forge it: the server removes a tool's own notes. */
function markOf(output: unknown): unknown {
  return typeof output === "object" && output !== null && "$holdfast" in output
    ? output.$holdfast
    : undefined;
}

/** Long values are shortened for display; the copy button copies everything. */
const SHOWN = 20_000;

function Value({ label, value, isError = false }: { label: string; value: unknown; isError?: boolean }) {
  const text = toText(foldData(value));
  const id = useId();
  if (!text) return null;
  return (
    <div data-slot="tool-card-value">
      <div className="flex h-7 items-center justify-between text-xs text-ink-3 pointer-coarse:h-11">
        <span id={id}>{label}</span>
        <CopyButton text={() => toText(value)} label={`Copy ${label.toLowerCase()}`} />
      </div>
      <ScrollBox
        aria-labelledby={id}
        className={cn(
          "max-h-80 rounded-sm border bg-surface px-3 py-2 font-mono text-[13px] leading-5 wrap-anywhere whitespace-pre-wrap",
          isError && "border-red-line text-red",
        )}
      >
        {text.length > SHOWN
          ? `${text.slice(0, SHOWN)}\n… ${(text.length - SHOWN).toLocaleString("en")} more characters`
          : text}
      </ScrollBox>
    </div>
  );
}

/** Images inside the tool's output. */
function Images({ output }: { output: unknown }) {
  const images = findImages(output);
  if (images.length === 0) return null;
  return (
    <div data-slot="tool-card-images" className="flex flex-wrap gap-2">
      {images.map((src, index) => (
        <MessageImage key={index} src={src} alt={`Image ${index + 1} of the output`} />
      ))}
    </div>
  );
}

/** One line about the input: the only value of a small input, else `key: value` pairs. */
export function summarize(input: unknown): string {
  const cut = (text: string) =>
    (text.length > 160 ? `${text.slice(0, 160)}…` : text).replace(/\s+/g, " ").trim();
  if (input === null || input === undefined) return "";
  if (typeof input !== "object") return cut(toText(input));
  if (Array.isArray(input)) return `${input.length} ${input.length === 1 ? "item" : "items"}`;
  const entries = Object.entries(input).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  const [only] = entries;
  if (entries.length === 1 && only && typeof only[1] !== "object") return cut(String(only[1]));
  return cut(
    entries
      .slice(0, 6)
      .map(
        ([key, value]) =>
          `${key}: ${typeof value === "object" ? (Array.isArray(value) ? `[${value.length}]` : "{…}") : cut(String(value))}`,
      )
      .join(" · "),
  );
}
