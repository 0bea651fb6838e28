"use client";

import { useCallback, useState } from "react";
import * as Radix from "@radix-ui/react-dropdown-menu";
import { cn } from "@/lib/utils";

export const Menu = Radix.Root;
export const MenuTrigger = Radix.Trigger;

const LANDMARK = "nav, main, [role=dialog]";

/** On top of the page, but inside the landmark or dialog of its button, where screen reader users look for it. */
export function MenuContent({ className, ...props }: React.ComponentProps<typeof Radix.Content>) {
  const [place, setPlace] = useState<HTMLElement>();
  const find = useCallback((mark: HTMLElement | null) => {
    if (mark) setPlace(mark.closest<HTMLElement>(LANDMARK) ?? document.body);
  }, []);
  if (!place) return <span hidden ref={find} />;
  return (
    <Radix.Portal container={place}>
      <Radix.Content
        data-slot="menu-content"
        sideOffset={4}
        collisionPadding={8}
        className={cn(
          "z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 overflow-y-auto rounded-md border bg-surface p-1 shadow-card outline-none motion-safe:animate-fade",
          className,
        )}
        {...props}
      />
    </Radix.Portal>
  );
}

export function MenuItem({
  tone = "plain",
  className,
  ...props
}: React.ComponentProps<typeof Radix.Item> & { tone?: "plain" | "danger" }) {
  return (
    <Radix.Item
      data-slot="menu-item"
      className={cn(
        "flex h-8 cursor-pointer items-center gap-2.5 rounded-sm px-2 text-sm text-ink-2 outline-none select-none data-highlighted:bg-raised data-highlighted:text-ink pointer-coarse:h-11 [&_svg]:size-4 [&_svg]:shrink-0",
        tone === "danger" && "text-red data-highlighted:bg-red-soft data-highlighted:text-red",
        className,
      )}
      {...props}
    />
  );
}

export function MenuSeparator({ className, ...props }: React.ComponentProps<typeof Radix.Separator>) {
  return (
    <Radix.Separator data-slot="menu-separator" className={cn("my-1 h-px bg-line", className)} {...props} />
  );
}
