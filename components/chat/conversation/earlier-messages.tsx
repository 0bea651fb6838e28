"use client";

import { CircleAlert, History } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";

export type EarlierMessagesProps = Omit<React.ComponentProps<"div">, "children"> & {
  isLoading?: boolean;
  hasFailed?: boolean;
  onLoad: () => void;
};

/** The top of a conversation that goes on above. Scrolling there is enough; the button is for everyone who does not scroll. */
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
          Earlier messages could not be loaded.
        </p>
      )}
      <Button
        variant="ghost"
        size="sm"
        // Not `disabled`: a button that loses the focus while it works leaves a keyboard nowhere.
        aria-disabled={isLoading}
        onClick={isLoading ? undefined : onLoad}
      >
        {hasFailed ? null : <History aria-hidden />}
        {isLoading ? "Loading earlier messages…" : hasFailed ? "Try again" : "Load earlier messages"}
      </Button>
    </div>
  );
}
