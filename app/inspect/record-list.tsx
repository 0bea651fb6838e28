"use client";

import { memo, useCallback, useEffect, useRef, useState } from "react";
import { ChevronRight } from "lucide-react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { ScrollBox } from "@/components/ui/scroll-box";
import { cn } from "@/lib/utils";
import { Tag } from "./tag";
import { bodyText, type RecordRow, type RunRow, type TimelineRow } from "./timeline";
import { clockOf, reasonOf, sizeOf, spanOf, statusOf } from "./labels";

export type RecordListProps = { rows: TimelineRow[]; dropped: number; isConnecting: boolean };

type Filter = "all" | "in" | "out";

const filters: Array<{ value: Filter; label: string }> = [
  { value: "all", label: "Both" },
  { value: "in", label: ".in" },
  { value: "out", label: ".out" },
];

/** The stored records in order, growing at the end. Scrolls to the newest until the reader scrolls away. */
export function RecordList({ rows, dropped, isConnecting }: RecordListProps) {
  const [filter, setFilter] = useState<Filter>("all");
  const [isFollowing, setIsFollowing] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const shown = filter === "all" ? rows : rows.filter((row) => row.type === "run" || row.io === filter);
  const count = rows.reduce((sum, row) => sum + (row.type === "record" ? row.records.length : 0), 0);

  useEffect(() => {
    if (isFollowing) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [isFollowing, shown]);

  // Opening a record stops the automatic scrolling.
  const stopFollowing = useCallback(() => setIsFollowing(false), []);

  function noticeScroll() {
    const { scrollTop, scrollHeight, clientHeight } = box.current!;
    setIsFollowing(scrollHeight - scrollTop - clientHeight < 40);
  }

  return (
    <section
      aria-labelledby="records"
      className="flex h-[78dvh] min-h-0 shrink-0 flex-col md:h-auto md:flex-1 md:shrink"
    >
      <div className="flex shrink-0 items-center gap-3 px-4 pt-2.5 pb-2">
        <h2 id="records" className="text-sm font-[550]">
          Records <span className="font-normal text-ink-3 tabular-nums">{count || ""}</span>
        </h2>
        <fieldset className="flex rounded-sm border p-0.5">
          <legend className="sr-only">Stream</legend>
          {filters.map(({ value, label }) => (
            <label
              key={value}
              className="cursor-pointer rounded-[6px] px-2 py-0.5 font-mono text-xs text-ink-2 has-checked:bg-raised has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-kelp pointer-coarse:px-3 pointer-coarse:py-2"
            >
              <input
                type="radio"
                name="stream"
                className="sr-only"
                checked={filter === value}
                onChange={() => setFilter(value)}
              />
              {label}
            </label>
          ))}
        </fieldset>
        <Button
          size="sm"
          variant="ghost"
          aria-pressed={isFollowing}
          className="ml-auto aria-pressed:text-kelp"
          onClick={() => setIsFollowing(!isFollowing)}
        >
          <span
            aria-hidden
            className={cn("size-[7px] rounded-full", isFollowing ? "bg-kelp" : "bg-line-strong")}
          />
          Follow
        </Button>
      </div>
      <ScrollBox
        ref={box}
        aria-label="Records"
        className="min-h-0 flex-1 border-t overscroll-contain pb-6"
        onScroll={noticeScroll}
      >
        {dropped > 0 && (
          <p className="px-4 py-2 text-xs text-ink-3 tabular-nums">{dropped} older records are hidden.</p>
        )}
        {shown.length === 0 && (
          <p className="px-4 py-3 text-xs text-ink-3">{isConnecting ? "Reading…" : "No records yet."}</p>
        )}
        <ol aria-label="Records, oldest first">
          {shown.map((row) =>
            row.type === "run" ? (
              <RunEdge key={row.key} row={row} />
            ) : (
              <RecordItem key={row.key} row={row} onOpen={stopFollowing} />
            ),
          )}
        </ol>
      </ScrollBox>
    </section>
  );
}

const RunEdge = memo(function RunEdge({ row: { run, number, edge, at } }: { row: RunRow }) {
  const status = statusOf(run.status);
  const isBad = edge === "ended" && status.tone === "bad";
  return (
    <li
      data-slot="run-edge"
      className="flex items-center gap-3 px-4 py-1.5 text-xs text-ink-3 tabular-nums before:h-px before:w-3 before:bg-line after:h-px after:flex-1 after:bg-line"
    >
      <span>
        <span className={cn("font-medium", isBad ? "text-red" : "text-ink-2")}>
          Run #{number} {edge === "started" ? "started" : status.word.toLowerCase()}
        </span>
        {edge === "started"
          ? ` · ${reasonOf(run.reason).word.toLowerCase()}`
          : run.startedAt && ` · after ${spanOf(at - Date.parse(run.startedAt))}`}
        <span className="hidden sm:inline"> · {clockOf(at)}</span>
      </span>
    </li>
  );
}, sameKey);

function sameKey({ row: a }: { row: RunRow }, { row: b }: { row: RunRow }): boolean {
  return a.key === b.key && a.number === b.number && a.run.status === b.run.status;
}

const RecordItem = memo(
  function RecordItem({ row, onOpen }: { row: RecordRow; onOpen: () => void }) {
    const [isOpen, setIsOpen] = useState(false);
    const { io, kind, name, preview, records, isQuarantined, bytes, at } = row;
    const [first, last] = [records[0]!.seq, records.at(-1)!.seq];
    return (
      <li data-slot="record" data-io={io} data-kind={kind}>
        <details
          onToggle={(event) => {
            setIsOpen(event.currentTarget.open);
            if (event.currentTarget.open) onOpen();
          }}
          className="group border-b border-line/60"
        >
          <summary className="grid cursor-pointer list-none grid-cols-[auto_auto_auto_1fr_auto] items-baseline gap-x-3 px-4 py-1 -outline-offset-2 hover:bg-raised/60 sm:grid-cols-[92px_34px_60px_minmax(0,1fr)_60px] pointer-coarse:py-2.5 [&::-webkit-details-marker]:hidden">
            <span className="relative pl-1 font-mono text-2xs text-ink-3 tabular-nums">
              <ChevronRight aria-hidden className="absolute top-0.5 -left-3 size-3 group-open:rotate-90" />
              {clockOf(at)}
            </span>
            <span className={cn("font-mono text-xs", io === "in" ? "text-ink" : "text-ink-3")}>.{io}</span>
            <span className="font-mono text-xs text-ink-3 tabular-nums sm:text-right">
              <span className="sr-only">record </span>
              {first === last ? first : `${first}–${last}`}
            </span>
            <span className="col-span-full row-start-2 flex min-w-0 items-baseline gap-2 sm:col-span-1 sm:row-start-1 sm:col-start-4">
              <span
                className={cn("shrink-0 font-mono text-xs", kind === "failure" ? "text-red" : "text-ink")}
              >
                {name}
                {records.length > 1 && (
                  <span className="text-ink-3">
                    {" "}
                    ×{records.length} in {spanOf(records.at(-1)!.timestamp - at)}
                  </span>
                )}
              </span>
              {kind === "control" && <Tag tone="good">control</Tag>}
              {kind === "command" && <Tag>command</Tag>}
              {isQuarantined && (
                <Tag tone="bad" title="It crashed two workers, so runs now skip it.">
                  quarantined
                </Tag>
              )}
              <span dir="auto" className="min-w-0 truncate text-xs text-ink-2">
                {preview}
              </span>
            </span>
            <span className="col-start-5 row-start-1 text-right font-mono text-2xs text-ink-3 tabular-nums">
              {sizeOf(bytes)}
            </span>
          </summary>
          {isOpen && <Body row={row} />}
        </details>
      </li>
    );
  },
  (a, b) => a.row.key === b.row.key && a.row.records.length === b.row.records.length,
);

/** Of joined chunks, the text matters; the first and the newest record show the format. */
function Body({ row }: { row: RecordRow }) {
  const { records, preview, name } = row;
  const shown = records.length > 1 ? [records[0]!, records.at(-1)!] : records;
  const text = shown.map(bodyText).join("\n\n");
  return (
    <div className="relative mx-4 mb-2 rounded-sm border bg-code">
      <CopyButton text={text} label="Copy body" className="absolute top-1 right-1" />
      <ScrollBox aria-label={`Body of ${name}`} className="max-h-80">
        {records.length > 1 && (
          <p className="border-b px-3 py-2 pr-10 text-sm whitespace-pre-wrap" dir="auto">
            {preview}
          </p>
        )}
        <pre className="px-3 py-2 pr-10 font-mono text-xs text-ink-2">{text}</pre>
      </ScrollBox>
    </div>
  );
}
