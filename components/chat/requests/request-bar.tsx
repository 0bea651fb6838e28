"use client";

import { useState } from "react";
import { ChevronLeft, ChevronRight, Hand } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";
import { requestKey, type HumanRequestView } from "./request";
import { showRequest } from "./show-request";

export type RequestBarProps = React.ComponentProps<"section"> & {
  /** Pending requests of this conversation, oldest first. The bar is hidden while there are none. */
  requests: HumanRequestView[];
  /** Loads the card of a request that isn't in the page: on another branch, or far away. */
  onReveal?: ((request: HumanRequestView) => void) | undefined;
};

/** The bar above the composer that leads to pending requests. */
export function RequestBar({ requests, onReveal, className, ...props }: RequestBarProps) {
  const [currentId, setCurrentId] = useState<string>();
  if (requests.length === 0) return null;
  const index = Math.max(
    0,
    requests.findIndex((request) => requestKey(request) === currentId),
  );
  const current = requests[index];
  if (!current) return null;

  function show(request: HumanRequestView | undefined) {
    if (!request) return;
    setCurrentId(requestKey(request));
    if (request.onOtherBranch || !showRequest(request)) onReveal?.(request);
  }

  const at = (step: number) => requests[(index + step + requests.length) % requests.length];
  return (
    <section
      data-slot="request-bar"
      aria-label="Needs your answer"
      className={cn(
        "mb-2 flex min-h-11 items-center gap-2.5 rounded-md border border-amber-line bg-amber-soft py-1.5 pr-1.5 pl-3.5 text-[13.5px]",
        className,
      )}
      {...props}
    >
      <Hand aria-hidden className="size-4 shrink-0 text-amber" />
      <p className="min-w-0 flex-1 truncate" title={current.title}>
        Needs your answer: <span dir="auto">{current.title}</span>
        {current.onOtherBranch && <span className="text-amber-ink"> · in another version</span>}
      </p>
      {requests.length > 1 && (
        <div className="flex shrink-0 items-center text-xs text-amber-ink tabular-nums">
          <Button variant="ghost" size="icon-sm" aria-label="Previous request" onClick={() => show(at(-1))}>
            <ChevronLeft aria-hidden />
          </Button>
          <output>
            {index + 1} of {requests.length}
          </output>
          <Button variant="ghost" size="icon-sm" aria-label="Next request" onClick={() => show(at(1))}>
            <ChevronRight aria-hidden />
          </Button>
        </div>
      )}
      <Button size="sm" className="border-amber-line" onClick={() => show(current)}>
        Show
      </Button>
    </section>
  );
}
