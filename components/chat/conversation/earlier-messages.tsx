"use client";

import { CircleAlert, History } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";

export type EarlierMessagesProps = Omit<React.ComponentProps<"div">, "children"> & {
  isLoading?: boolean;
  hasFailed?: boolean;
  onLoad: () => void;
};

/**
 * The top of a conversation that has earlier messages. Scrolling there loads them; the button serves people who don't
 * scroll.
 */
export function EarlierMessages({
  isLoading = false,
  hasFailed = false,
  onLoad,
  className,
  ...props
}: EarlierMessagesProps) {
  return (
    <div
      data-slot="earlier-messages"
      className={cn("flex min-h-8 flex-wrap items-center justify-center gap-x-3 gap-y-1 text-sm", className)}
      {...props}
    >
      {hasFailed && (
        <p role="alert" className="flex items-center gap-2 text-red">
          <CircleAlert aria-hidden className="size-4 shrink-0" />
          Couldn't load earlier messages.
        </p>
      )}
      <Button
        variant="ghost"
        size="sm"
        // `aria-disabled` instead of `disabled`: a disabled button would drop the keyboard focus.
        aria-disabled={isLoading}
        onClick={isLoading ? undefined : onLoad}
      >
        {hasFailed ? null : <History aria-hidden />}
        {isLoading ? "Loading earlier messages…" : hasFailed ? "Try again" : "Load earlier messages"}
      </Button>
    </div>
  );
}
