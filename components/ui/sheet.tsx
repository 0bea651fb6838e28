"use client";

import * as Dialog from "@radix-ui/react-dialog";
import { X } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Overlay } from "@/components/ui/overlay";
import { cn } from "@/lib/utils";

export const Sheet = Dialog.Root;
export const SheetTrigger = Dialog.Trigger;

export type SheetContentProps = React.ComponentProps<typeof Dialog.Content> & { title: string };

/** A drawer from the left edge. `title` names it for screen readers; the content brings its own visible heading. */
export function SheetContent({ title, className, children, ...props }: SheetContentProps) {
  return (
    <Dialog.Portal>
      <Overlay data-slot="sheet-overlay" />
      <Dialog.Content
        data-slot="sheet-content"
        aria-describedby={undefined}
        className={cn(
          "fixed inset-y-0 left-0 z-50 flex w-[min(304px,86vw)] flex-col border-r bg-bg shadow-card motion-safe:animate-drawer",
          className,
        )}
        {...props}
      >
        <Dialog.Title className="sr-only">{title}</Dialog.Title>
        {children}
        <Dialog.Close asChild>
          <Button
            variant="ghost"
            size="icon"
            aria-label="Close"
            className="absolute top-2.5 right-2 pointer-coarse:top-1"
          >
            <X aria-hidden />
          </Button>
        </Dialog.Close>
      </Dialog.Content>
    </Dialog.Portal>
  );
}
