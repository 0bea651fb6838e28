"use client";

import { useRef } from "react";
import * as Radix from "@radix-ui/react-dialog";
import { X } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Overlay } from "@/components/ui/overlay";
import { cn } from "@/lib/utils";
import { holdFocus } from "./return-focus";

export const Dialog = Radix.Root;
export const DialogTrigger = Radix.Trigger;
export const DialogClose = Radix.Close;

export type DialogContentProps = Omit<React.ComponentProps<typeof Radix.Content>, "title"> & {
  title: string;
  description?: React.ReactNode;
  /** Shows the title to screen readers only and no Close button; the content brings its own. */
  isBare?: boolean;
};

/**
 * A dialog in the middle of the page, named by its title. Escape or a press outside closes it, and the focus goes back to
 * where it was.
 */
export function DialogContent({
  title,
  description,
  isBare = false,
  className,
  children,
  ...props
}: DialogContentProps) {
  const giveFocusBack = useRef<() => boolean>(undefined);
  return (
    <Radix.Portal>
      <Overlay data-slot="dialog-overlay" />
      <Radix.Content
        data-slot="dialog-content"
        {...(description === undefined && { "aria-describedby": undefined })}
        className={cn(
          "fixed top-1/2 left-1/2 z-50 flex max-h-[min(640px,calc(100dvh-32px))] w-[min(480px,calc(100vw-32px))] -translate-1/2 flex-col gap-4 overflow-y-auto rounded-lg border bg-surface p-5 shadow-card outline-none motion-safe:animate-fade",
          className,
        )}
        onOpenAutoFocus={() => {
          giveFocusBack.current = holdFocus();
        }}
        onCloseAutoFocus={(event) => {
          if (giveFocusBack.current?.()) event.preventDefault();
        }}
        {...props}
      >
        <div className={isBare ? "sr-only" : "flex flex-col gap-1 pr-9"}>
          <Radix.Title className="font-semibold tracking-[-0.01em]">{title}</Radix.Title>
          {description !== undefined && (
            <Radix.Description className="text-sm text-ink-2">{description}</Radix.Description>
          )}
        </div>
        {children}
        {!isBare && (
          <Radix.Close asChild>
            <Button
              variant="ghost"
              size="icon"
              aria-label="Close"
              className="absolute top-3.5 right-3.5 pointer-coarse:top-2 pointer-coarse:right-2"
            >
              <X aria-hidden />
            </Button>
          </Radix.Close>
        )}
      </Radix.Content>
    </Radix.Portal>
  );
}
