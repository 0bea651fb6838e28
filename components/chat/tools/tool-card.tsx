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

/** The tool has said something and is still at work. */
const UNDER_WAY: Face = { ...RUNNING, label: "Running" };
const UNFINISHED: Face = { label: "Did not finish", icon: CircleDashed, tone: "text-ink-3" };
/** Somebody was asked, and the conversation went on without an answer. */
const SKIPPED: Face = { label: "Skipped", icon: SkipForward, tone: "text-ink-3" };
const OUTCOME_UNKNOWN: Face = { label: "Outcome unknown", icon: CircleHelp, tone: "text-red" };
const UNKNOWN: Face = { label: "Unknown state", icon: CircleDashed, tone: "text-ink-3" };

export type ToolCardProps = Omit<React.ComponentProps<"div">, "part"> & {
  part: ToolPart;
  /** Whether the answer this call belongs to is still being written; a call left running after that did not finish. */
  isStreaming?: boolean;
  /** How long the call took. Without it the card shows what it measured itself, or nothing. */
  durationMs?: number;
};

/** Any tool: its name, what it was asked, how it went; the whole input and output one press away. */
export function ToolCard({ part, isStreaming = false, durationMs, className, ...props }: ToolCardProps) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  // A stored message can hold a state that this version does not know yet, or the name of something every object has.
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
  // While it works the news is how far it is; before and after, what it was asked.
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
        {/* Wide enough for any duration, so the header does not move when the call settles. */}
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

/** What it really ran with: the output says so when a person changed the arguments before they approved. */
function ran({ state, input, output }: ToolPart): { input: unknown; output: unknown; isEdited: boolean } {
  if (state !== "output-available" || markOf(output) !== "edited") return { input, output, isEdited: false };
  const { approvedInput, result } = output as { approvedInput: unknown; result: unknown };
  return { input: approvedInput, output: result, isEdited: true };
}

/** What an output says of itself. Undefined for all that just worked. */
function faceOf(output: unknown): Face | undefined {
  const mark = markOf(output);
  if (mark === "unanswered") return (output as { skipped?: boolean }).skipped ? SKIPPED : undefined;
  // It changed something, or it did not: nobody can say, and the output says that.
  return mark === "unknown-outcome" ? OUTCOME_UNKNOWN : undefined;
}

/** What the server says about the call in its output. A tool cannot say it: a mark of its own is removed there. */
function markOf(output: unknown): unknown {
  return typeof output === "object" && output !== null && "$holdfast" in output
    ? output.$holdfast
    : undefined;
}

/** What a person sees of a long value; the copy button takes all of it. */
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

/** What a tool drew or photographed, when it came along inside the output. */
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

/** One line of what the tool was asked: the lone value of a small input, else `key: value` pairs. */
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
