"use client";

import { useEffect, useEffectEvent, useRef, useState } from "react";
import { X } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";

export type ToastMessage = {
  /** A new id restarts the timer. */
  id: number | string;
  text: string;
  /** An action such as Undo. Pressing it also closes the toast. */
  action?: { label: string; onAction: () => void };
};

export type ToastProps = Omit<React.ComponentProps<"div">, "children"> & {
  toast: ToastMessage | null;
  onDismiss: () => void;
  durationMs?: number;
};

/**
 * Says what just happened, with an action such as Undo. The region is always rendered, so that a screen reader announces
 * its content. It stays while it is hovered or focused.
 */
export function Toast({ toast, onDismiss, durationMs = 10_000, className, ...props }: ToastProps) {
  const [isHeld, setIsHeld] = useState(false);
  /** The element that had the focus before the toast, and gets it back after a press. */
  const before = useRef<Element>(null);
  const dismiss = useEffectEvent(onDismiss);
  const id = toast?.id;
  useEffect(() => {
    if (id === undefined || isHeld) return;
    const timer = setTimeout(() => dismiss(), durationMs);
    return () => clearTimeout(timer);
  }, [id, isHeld, durationMs]);

  function close() {
    setIsHeld(false);
    if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true });
    onDismiss();
  }

  return (
    <div
      data-slot="toast-region"
      className={cn(
        "pointer-events-none fixed inset-x-0 bottom-[max(16px,env(safe-area-inset-bottom))] z-50 flex justify-center px-4",
        className,
      )}
      onPointerEnter={() => setIsHeld(true)}
      onPointerLeave={() => setIsHeld(false)}
      onFocus={(event) => {
        setIsHeld(true);
        if (!event.currentTarget.contains(event.relatedTarget)) before.current = event.relatedTarget;
      }}
      onBlur={() => setIsHeld(false)}
      {...props}
    >
      <output>
        {toast && (
          <span
            key={toast.id}
            data-slot="toast"
            className="pointer-events-auto flex min-h-11 max-w-full items-center gap-3 rounded-md bg-ink py-1 pr-1.5 pl-4 text-sm text-surface shadow-card motion-safe:animate-fade"
          >
            <span className="min-w-0 truncate">{toast.text}</span>
            {toast.action && (
              <button
                type="button"
                className="h-8 shrink-0 rounded-sm px-2.5 font-medium underline decoration-1 underline-offset-4 hover:bg-surface/15 pointer-coarse:h-11"
                onClick={() => {
                  close();
                  toast.action?.onAction();
                }}
              >
                {toast.action.label}
              </button>
            )}
            <Button
              variant="ghost"
              size="icon-sm"
              aria-label="Dismiss"
              className="text-surface/80 hover:bg-surface/15 hover:text-surface"
              onClick={close}
            >
              <X aria-hidden />
            </Button>
          </span>
        )}
      </output>
    </div>
  );
}
