"use client";

import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { ChatStatus } from "ai";
import { ArrowUp, Square } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";
import { forgetDraft, isSendable, mergeDraft, readDraft, remainder, saveDraft, tooLong } from "./draft";

export type ComposerProps = Omit<React.ComponentProps<"form">, "onSubmit" | "children"> & {
  /**
   * Called with the trimmed text. The words stay in the box until the promise resolves; when it rejects they stay
   * for good, and the error's message is shown with "Try again".
   */
  onSend: (text: string) => Promise<void> | void;
  onStop: () => void;
  /** From `useChat`. An answer counts as streaming while this is "submitted" or "streaming". */
  status?: ChatStatus;
  /** Overrides what `status` says, for example after a reload in the middle of an answer. */
  isStreaming?: boolean;
  /** Why nothing can be sent now, as a sentence. What is typed stays. */
  disabledReason?: string;
  placeholder?: string;
  /** Which model will answer, shown quietly below the text. */
  modelLabel?: ReactNode;
  maxLength?: number;
  /** Where the draft is kept in this browser; name the owner and the chat in it. Stable while mounted. */
  draftKey?: string;
  /** Focus the box on mount, on devices where that does not open a keyboard. */
  autoFocus?: boolean;
};

export function Composer({
  onSend,
  onStop,
  status = "ready",
  isStreaming = status === "submitted" || status === "streaming",
  disabledReason,
  placeholder = "Message Holdfast",
  modelLabel,
  maxLength = 100_000,
  draftKey,
  autoFocus = false,
  className,
  ...props
}: ComposerProps) {
  // The box is uncontrolled: what is typed before the page hydrates is the browser's, and React must not take it back.
  const box = useRef<HTMLTextAreaElement>(null);
  const isSendingNow = useRef(false);
  const [isSending, setIsSending] = useState(false);
  const [isBlank, setIsBlank] = useState(true);
  const [excess, setExcess] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const hintId = useId();

  function look() {
    const element = box.current;
    if (!element) return;
    setIsBlank(!isSendable(element.value));
    setExcess(tooLong(element.value, maxLength));
    grow(element);
  }

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const merged = mergeDraft(readDraft(draftKey), element.value);
    if (merged !== element.value) element.value = merged;
    look();
    if (autoFocus && matchMedia("(pointer: fine)").matches) element.focus({ preventScroll: true });
    // Only once: later the box, not the storage, is the truth.
    // eslint-disable-next-line react/exhaustive-deps
  }, []);

  async function send() {
    const element = box.current;
    if (!element || isSendingNow.current || isStreaming || disabledReason) return;
    const sent = element.value;
    if (!isSendable(sent) || tooLong(sent, maxLength)) return;

    isSendingNow.current = true;
    setIsSending(true);
    setError(null);
    try {
      await onSend(sent.trim());
      // Whatever was typed while it was on its way belongs to the next message.
      element.value = remainder(element.value, sent);
      if (element.value) saveDraft(draftKey, element.value);
      else forgetDraft(draftKey);
      look();
    } catch (cause) {
      setError(cause instanceof Error && cause.message ? cause.message : "The connection failed");
    } finally {
      isSendingNow.current = false;
      setIsSending(false);
    }
  }

  const explanation =
    disabledReason ??
    excess ??
    (isStreaming && !isBlank ? "You can send this when the answer ends, or stop it now." : null);
  const canSend = !isBlank && !excess && !disabledReason && !isSending;

  return (
    <form
      data-slot="composer"
      data-sending={isSending || undefined}
      className={cn("flex flex-col", className)}
      onSubmit={(event) => event.preventDefault()}
      {...props}
    >
      {error && (
        <div
          data-slot="composer-error"
          role="alert"
          className="mx-3 flex items-center gap-3 rounded-t-[14px] border border-b-0 border-red-line bg-red-soft py-1.5 pr-1.5 pl-3.5 text-[13px] leading-5"
        >
          <span className="min-w-0 flex-1 wrap-anywhere">
            <span className="font-medium text-red">Not sent.</span> {error}
          </span>
          <Button size="sm" onClick={() => void send()}>
            Try again
          </Button>
        </div>
      )}
      {/* Pressing anywhere in the frame is pressing the box; the box itself is what keyboards and readers meet. */}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions, jsx-a11y/click-events-have-key-events */}
      <div
        data-slot="composer-frame"
        className="cursor-text rounded-xl border border-line-strong bg-surface shadow-card focus-within:border-kelp"
        onClick={(event) => {
          if (event.target === event.currentTarget) box.current?.focus();
        }}
      >
        <textarea
          ref={box}
          data-slot="composer-input"
          name="message"
          aria-label="Message"
          aria-describedby={hintId}
          aria-invalid={excess ? true : undefined}
          rows={1}
          defaultValue=""
          placeholder={placeholder}
          autoComplete="off"
          enterKeyHint="send"
          dir="auto"
          className="fast-shaping block field-sizing-content max-h-[min(40dvh,320px)] min-h-10 w-full resize-none overflow-y-auto overscroll-contain bg-transparent px-4 pt-3 pb-1 outline-none placeholder:text-ink-3 pointer-coarse:text-[16px]"
          onInput={(event) => {
            saveDraft(draftKey, event.currentTarget.value);
            if (error) setError(null);
            look();
          }}
          onKeyDown={(event) => {
            // 229 is what some browsers report for the Enter that ends an IME composition.
            if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
            if (event.nativeEvent.isComposing || event.keyCode === 229) return;
            event.preventDefault();
            if (!event.repeat) void send();
          }}
        />
        <div data-slot="composer-bar" className="flex items-center gap-1 pt-1 pr-2.5 pb-2.5 pl-2">
          {modelLabel && (
            <span data-slot="composer-model" className="min-w-0 truncate px-2 text-[13px] text-ink-2">
              {modelLabel}
            </span>
          )}
          {/* One button in both roles, so that the focus stays and a double press cannot start and stop at once. */}
          <button
            data-slot="composer-button"
            data-role={isStreaming ? "stop" : "send"}
            type="button"
            aria-label={isStreaming ? "Stop" : "Send"}
            title={isStreaming ? "Stop" : "Send"}
            aria-disabled={!isStreaming && !canSend ? true : undefined}
            aria-describedby={explanation ? hintId : undefined}
            className="ml-auto grid size-[34px] shrink-0 place-items-center rounded-[11px] bg-ink text-surface aria-disabled:bg-raised aria-disabled:text-ink-3 pointer-coarse:size-11"
            onKeyDown={(event) => {
              if (event.repeat) event.preventDefault();
            }}
            onClick={(event) => {
              if (event.detail > 1) return;
              if (isStreaming) onStop();
              else void send();
            }}
          >
            {isStreaming ? (
              <Square aria-hidden className="size-3.5 fill-current" />
            ) : (
              <ArrowUp aria-hidden className="size-[18px]" />
            )}
          </button>
        </div>
      </div>
      <div
        id={hintId}
        data-slot="composer-hint"
        className={cn("mt-2 text-center text-xs text-ink-3", !explanation && "max-sm:sr-only")}
      >
        <output className={cn(excess && "text-red")}>{explanation}</output>
        {!explanation && isStreaming && "Write ahead; sending waits until this answer ends"}
        {!explanation && !isStreaming && (
          <>
            <kbd>Enter</kbd> sends · <kbd>Shift Enter</kbd> new line
          </>
        )}
      </div>
    </form>
  );
}

/** For browsers without `field-sizing: content`. */
function grow(element: HTMLTextAreaElement) {
  if (CSS.supports("field-sizing", "content")) return;
  element.style.height = "auto";
  element.style.height = `${element.scrollHeight}px`;
}
