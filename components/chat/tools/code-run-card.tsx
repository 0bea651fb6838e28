"use client";

import { type ComponentType, lazy, type ReactNode, Suspense, useId, useState } from "react";
import { Check, ChevronDown, CircleAlert, CircleDashed, LoaderCircle, SquareCode } from "lucide-react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { ScrollBox } from "@/components/ui/scroll-box";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/utils";
import { CodeBlock } from "../markdown/code-block";
import { stripBidi } from "../shared/strip-bidi";
import { untilLoaded } from "../shared/until-loaded";
import type { CodeChartData } from "./chart-layout";
import type { CodeTableData } from "./code-run-table";
import { formatDuration } from "./duration";
import { MessageImage } from "./message-image";

// Few runs return a table or a chart.
const CodeRunChart = lazy(() =>
  untilLoaded(() => import("./code-run-chart")).then(({ CodeRunChart }) => ({ default: CodeRunChart })),
);
const CodeRunTable = lazy(() =>
  untilLoaded(() => import("./code-run-table")).then(({ CodeRunTable }) => ({ default: CodeRunTable })),
);

export type CodeRunState = "preparing" | "running" | "done" | "failed" | "unfinished";

export type CodeRunError = {
  /** The error as its language names it. */
  name?: string | undefined;
  message: string;
  /** What to do about it. */
  hint?: string | undefined;
  /** Lines of the code, innermost first. */
  lines?: number[] | undefined;
};

export type CodeRunResult = {
  /** What the code printed. */
  output?: string | undefined;
  /** How many characters of the output were left out. */
  omitted?: number | undefined;
  /** The returned value as text. */
  value?: string | undefined;
  table?: CodeTableData | undefined;
  chart?: CodeChartData | undefined;
  /** Why the returned chart can't be drawn. */
  chartProblem?: string | undefined;
  /** Images as data URLs. */
  images?: string[] | undefined;
  error?: CodeRunError | undefined;
  durationMs?: number | undefined;
  /** What earlier calls had defined is gone. */
  restarted?: boolean | undefined;
};

export type CodeRunCardProps = Omit<React.ComponentProps<"div">, "children"> & {
  language: string;
  code: string;
  state: CodeRunState;
  result?: CodeRunResult | undefined;
};

type Face = { label: string; icon: ComponentType<{ className?: string }>; tone: string };

const SPINNER = { icon: LoaderCircle, tone: "text-ink-3 motion-safe:animate-spin" };
const faces: Record<CodeRunState, Face> = {
  preparing: { ...SPINNER, label: "Writing" },
  running: { ...SPINNER, label: "Running" },
  done: { label: "Done", icon: Check, tone: "text-kelp" },
  failed: { label: "Failed", icon: CircleAlert, tone: "text-red" },
  unfinished: { label: "Stopped", icon: CircleDashed, tone: "text-ink-3" },
};

const names: Record<string, string> = {
  javascript: "JavaScript",
  typescript: "TypeScript",
  python: "Python",
};

/** Code that an agent runs: its result in view, the code one press away. */
export function CodeRunCard({ language, code, state, result = {}, className, ...props }: CodeRunCardProps) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  const face = faces[state];
  const { durationMs, error } = result;
  return (
    <div
      data-slot="code-run-card"
      data-state={state}
      className={cn("overflow-clip rounded-md border text-sm", className)}
      {...props}
    >
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        className="flex h-10 w-full items-center gap-2.5 rounded-md px-3 text-left text-ink-2 -outline-offset-2 hover:bg-raised/60 pointer-coarse:h-11"
        onClick={() => setIsOpen(!isOpen)}
      >
        <SquareCode aria-hidden className="size-4 shrink-0 text-ink-3" />
        <span className="shrink-0 font-[550] text-ink">Code</span>
        <span className="min-w-0 flex-1 truncate text-[13px]">
          {Object.hasOwn(names, language) ? names[language] : stripBidi(language)}
        </span>
        <span className="flex shrink-0 items-center gap-1.5 text-xs text-ink-3 tabular-nums">
          <face.icon aria-hidden className={cn("size-3.5", face.tone)} />
          <span className={cn(durationMs !== undefined && state === "done" && "sr-only")}>{face.label}</span>
          {durationMs !== undefined && durationMs > 0 && <span>{formatDuration(durationMs)}</span>}
        </span>
        <ChevronDown aria-hidden className={cn("size-3.5 shrink-0 text-ink-3", isOpen && "rotate-180")} />
        <span className="sr-only">{isOpen ? "Hide code" : "Show code"}</span>
      </button>
      {isOpen && (
        <div id={id} className="border-t bg-code p-3">
          {code ? (
            <CodeBlock
              code={code}
              language={language}
              isStreaming={state === "preparing"}
              className="bg-surface"
            />
          ) : (
            <p className="text-xs text-ink-3">No code yet.</p>
          )}
        </div>
      )}
      {error && <Failure error={error} code={code} />}
      <Result result={result} />
      {result.restarted && (
        <p className="border-t px-3 py-2 text-xs text-ink-3">
          The sandbox was restarted, so the next run starts from scratch.
        </p>
      )}
    </div>
  );
}

/** The message, and the line of the code that it is about. */
function Failure({
  error: { name, message, hint, lines = [] },
  code,
}: {
  error: CodeRunError;
  code: string;
}) {
  const [line] = lines;
  const text = line === undefined ? undefined : code.split("\n")[line - 1]?.trim();
  return (
    <div data-slot="code-run-error" className="flex flex-col gap-1.5 border-t bg-red-soft px-3 py-2.5">
      <p dir="auto" className="wrap-anywhere whitespace-pre-wrap text-red">
        {name && <span className="font-[550]">{stripBidi(name)}: </span>}
        {stripBidi(message)}
      </p>
      {text && (
        <p className="flex gap-2.5 overflow-clip font-mono text-[13px] leading-5 text-ink-2">
          <span className="shrink-0 text-ink-3">Line {line}</span>
          <span className="min-w-0 truncate">{stripBidi(text.slice(0, 300))}</span>
        </p>
      )}
      {hint && <p className="text-[13px] text-ink-2">{hint}</p>}
    </div>
  );
}

function Result({ result }: { result: CodeRunResult }) {
  const { output, omitted = 0, value, table, chart, chartProblem, images = [] } = result;
  return (
    <>
      {chartProblem && (
        <p className="border-t px-3 py-2 text-[13px] text-ink-2">
          The returned chart can't be drawn: {stripBidi(chartProblem)}
        </p>
      )}
      {chart ? (
        <Late>
          <CodeRunChart chart={chart} />
        </Late>
      ) : table ? (
        <Late>
          <CodeRunTable table={table} label="Returned table" />
        </Late>
      ) : (
        value !== undefined && value !== "" && <LongText label="Value" text={value} />
      )}
      {images.length > 0 && (
        <div className="flex flex-wrap gap-2 border-t p-3">
          {images.map((src, index) => (
            <MessageImage key={index} src={src} alt={`Image ${index + 1} of the code's output`} />
          ))}
        </div>
      )}
      {output && <LongText label="Output" text={output.trimEnd()} omitted={omitted} />}
    </>
  );
}

function Late({ children }: { children: ReactNode }) {
  return (
    <div className="border-t p-3">
      <Suspense fallback={<Skeleton className="h-56 w-full rounded-sm" />}>{children}</Suspense>
    </div>
  );
}

const FOLDED_LINES = 12;
const FOLDED_LENGTH = 1_500;

/** Text whose first lines are in view. The copy button copies all that was kept. */
function LongText({ label, text, omitted = 0 }: { label: string; text: string; omitted?: number }) {
  const [isWhole, setIsWhole] = useState(false);
  const id = useId();
  const lines = text.split("\n");
  const folded = lines.slice(0, FOLDED_LINES).join("\n").slice(0, FOLDED_LENGTH);
  const isLong = folded.length < text.length;
  return (
    <div data-slot="code-run-text" className="border-t px-3 pt-1 pb-3">
      <div className="flex h-8 items-center justify-between text-xs text-ink-3 pointer-coarse:h-11">
        <span id={id}>{label}</span>
        <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
      </div>
      <ScrollBox
        aria-labelledby={id}
        dir="ltr"
        className="max-h-80 rounded-sm border bg-code px-3 py-2 font-mono text-[13px] leading-5 wrap-anywhere whitespace-pre-wrap"
      >
        {stripBidi(isLong && !isWhole ? folded : text)}
        {isLong && !isWhole && " …"}
      </ScrollBox>
      {isLong && (
        <Button
          variant="ghost"
          size="sm"
          className="mt-1 -ml-2"
          aria-expanded={isWhole}
          onClick={() => setIsWhole(!isWhole)}
        >
          {isWhole
            ? "Show less"
            : `Show all ${lines.length > 1 ? `${lines.length.toLocaleString("en")} lines` : "of it"}`}
        </Button>
      )}
      {omitted > 0 && (
        <p className="mt-1.5 text-xs text-ink-3">
          {omitted.toLocaleString("en")} more characters were printed and not kept.
        </p>
      )}
    </div>
  );
}
