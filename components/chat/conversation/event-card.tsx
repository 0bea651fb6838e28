"use client";

import { useId, useState } from "react";
import { ChevronDown, Webhook } from "lucide-react";
import { ScrollBox } from "@/components/ui/scroll-box";
import { cn } from "@/lib/utils";
import { LocalTime } from "../shared/local-time";
import { stripBidi } from "../shared/strip-bidi";

export type EventCardProps = {
  /** Who sent it. */
  source: string;
  type: string;
  /** When it happened, as an ISO date. */
  at: string;
  /** The sender's number of the event, if it counts them. */
  sequence: number | null;
  /** A newer event was told before. */
  isLate: boolean;
  /** Its data as text. */
  data: string;
};

/** An event from another service, where a person's message would be. */
export function EventCard({ source, type, at, sequence, isLate, data }: EventCardProps) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  return (
    <div data-slot="event-card" className="w-full overflow-clip rounded-md border text-sm">
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        className="flex min-h-10 w-full items-center gap-2.5 rounded-md px-3 py-2 text-left text-ink-2 -outline-offset-2 hover:bg-raised/60 pointer-coarse:min-h-11"
        onClick={() => setIsOpen(!isOpen)}
      >
        <Webhook aria-hidden className="size-4 shrink-0 text-ink-3" />
        <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2">
          <span className="font-[550] wrap-anywhere text-ink">{stripBidi(type)}</span>
          <span className="text-[13px] wrap-anywhere">
            from {source}
            {sequence !== null && `, number ${sequence}`}
          </span>
        </span>
        {isLate && (
          <span className="shrink-0 rounded-full border border-amber-line bg-amber-soft px-2 py-0.5 text-xs text-amber">
            Late
          </span>
        )}
        <span className="shrink-0 text-xs text-ink-3 tabular-nums">
          <LocalTime at={at} />
        </span>
        <ChevronDown aria-hidden className={cn("size-3.5 shrink-0 text-ink-3", isOpen && "rotate-180")} />
      </button>
      {isOpen && (
        <div id={id} className="border-t bg-code p-3">
          <ScrollBox
            aria-label="Data of the event"
            className="max-h-80 font-mono text-[13px] leading-5 wrap-anywhere whitespace-pre-wrap"
          >
            {stripBidi(data)}
          </ScrollBox>
        </div>
      )}
    </div>
  );
}
