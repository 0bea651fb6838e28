"use client";

import { useEffect, useId, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { isSendable, tooLong } from "../shared/sendable";

export type EditMessageProps = {
  /** The message's current text. */
  text: string;
  /** The edited text, if an earlier attempt to save it failed. */
  draft?: string | undefined;
  /** Why saving failed, as a sentence. */
  error?: string | undefined;
  onSave: (text: string) => void;
  onCancel: () => void;
  maxLength?: number;
};

/** Edits a prompt. The earlier wording is kept as a version. */
export function EditMessage({
  text,
  draft = text,
  error,
  onSave,
  onCancel,
  maxLength = 100_000,
}: EditMessageProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [value, setValue] = useState(draft);
  const hintId = useId();

  useEffect(() => {
    const element = box.current;
    element?.focus({ preventScroll: true });
    element?.setSelectionRange(element.value.length, element.value.length);
  }, []);

  const problem = tooLong(value, maxLength) ?? (isSendable(value) ? null : "Write something, or cancel.");

  function save() {
    if (problem) return;
    if (value.trim() === text.trim()) onCancel();
    else onSave(value.trim());
  }

  return (
    <form
      data-slot="edit-message"
      className="flex w-[min(100%,590px)] flex-col gap-2 self-end rounded-xl border border-line-strong bg-surface p-3 shadow-card focus-within:border-kelp"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <textarea
        ref={box}
        aria-label="Edit your message"
        aria-describedby={hintId}
        dir="auto"
        rows={2}
        value={value}
        className="field-sizing-content max-h-[40dvh] min-h-14 w-full resize-none bg-transparent px-1 outline-none pointer-coarse:text-[16px]"
        onChange={(event) => setValue(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing || event.keyCode === 229) return;
          if (event.key === "Escape") {
            event.stopPropagation();
            onCancel();
          }
          if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
            event.preventDefault();
            save();
          }
        }}
      />
      <div className="flex flex-wrap items-center gap-2">
        <output className="min-w-0 flex-1 px-1 text-xs wrap-anywhere">
          <span id={hintId} className={error ? "text-red" : "text-ink-3"}>
            {error ? `Couldn't save. ${error}` : (problem ?? "Your earlier version is kept.")}
          </span>
        </output>
        <Button size="sm" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" size="sm" variant="primary" aria-disabled={problem !== null || undefined}>
          Send
        </Button>
      </div>
    </form>
  );
}
