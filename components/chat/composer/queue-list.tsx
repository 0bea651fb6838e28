"use client";

import { useLayoutEffect, useRef, useState } from "react";
import type { FileUIPart } from "ai";
import { ArrowDown, ArrowUp, CornerDownRight, Paperclip, Pencil, X } from "lucide-react";
import { Button } from "@/components/ui/button";
import type { QueuedMessage } from "../durable/types";
import { isSendable } from "../shared/sendable";

export type QueueListProps = {
  /** In sending order. */
  queued: QueuedMessage[];
  onEdit: (id: string, text: string) => void;
  onMove: (id: string, index: number) => void;
  onRemove: (id: string) => void;
  /** Sends this message next, without waiting for the answer. Absent while nothing can be sent. */
  onSendNow?: ((id: string) => void) | undefined;
};

type Action = "edit" | "up" | "down" | "remove";

/** The queued messages above the composer, where each can be edited, moved, sent or removed. */
export function QueueList({ queued, onEdit, onMove, onRemove, onSendNow }: QueueListProps) {
  const list = useRef<HTMLOListElement>(null);
  // Moving a row detaches it briefly, which drops the focus.
  const focusNext = useRef<{ id: string; action: Action } | null>(null);
  const [editingId, setEditingId] = useState<string | null>(null);
  const [announcement, setAnnouncement] = useState("");

  useLayoutEffect(() => {
    if (!focusNext.current) return;
    const { id, action } = focusNext.current;
    focusNext.current = null;
    list.current
      ?.querySelector<HTMLElement>(`[data-queued="${CSS.escape(id)}"] [data-action="${action}"]`)
      ?.focus();
  });

  function move(id: string, index: number, action: "up" | "down") {
    if (index < 0 || index >= queued.length) return;
    focusNext.current = { id, action };
    setAnnouncement(`Now ${index + 1} of ${queued.length}`);
    onMove(id, index);
  }

  function remove(id: string) {
    const index = queued.findIndex((message) => message.id === id);
    const neighbour = queued[index + 1] ?? queued[index - 1];
    focusNext.current = neighbour ? { id: neighbour.id, action: "remove" } : null;
    setAnnouncement("Removed from the queue");
    onRemove(id);
  }

  function finish(id: string, text?: string) {
    if (text !== undefined) onEdit(id, text.trim());
    focusNext.current = { id, action: "edit" };
    setEditingId(null);
  }

  return (
    <div data-slot="queue" className="mx-3">
      <output className="sr-only">{announcement}</output>
      {queued.length > 0 && (
        <ol
          ref={list}
          data-slot="queue-list"
          aria-label="Queued messages"
          className="max-h-48 overflow-y-auto rounded-t-[14px] border border-b-0 bg-bg text-[13px] leading-5"
        >
          {queued.map((message, index) => (
            <li
              key={message.id}
              data-slot="queue-item"
              data-queued={message.id}
              className="flex min-h-10 flex-wrap items-center gap-x-1 gap-y-0.5 border-b py-1 pr-1.5 pl-3 last:border-b-0"
            >
              {editingId === message.id ? (
                <EditQueued
                  text={message.text}
                  mayBeEmpty={message.files.length > 0}
                  onDone={(text) => finish(message.id, text)}
                />
              ) : (
                <>
                  <span className="min-w-32 flex-1">
                    <span className="line-clamp-2 wrap-anywhere whitespace-pre-wrap text-ink-2" dir="auto">
                      <span className="text-ink-3">{index === 0 ? "Queued · next · " : "Queued · "}</span>
                      {message.text}
                    </span>
                    {message.files.length > 0 && <Files files={message.files} />}
                  </span>
                  <span className="ml-auto flex shrink-0 items-center">
                    {onSendNow && (
                      <Button variant="ghost" size="sm" onClick={() => onSendNow(message.id)}>
                        <CornerDownRight aria-hidden /> Send now
                      </Button>
                    )}
                    <IconButton
                      action="edit"
                      label="Edit queued message"
                      onPress={() => setEditingId(message.id)}
                    >
                      <Pencil aria-hidden />
                    </IconButton>
                    <IconButton
                      action="up"
                      label="Move up"
                      isAtEnd={index === 0}
                      onPress={() => move(message.id, index - 1, "up")}
                    >
                      <ArrowUp aria-hidden />
                    </IconButton>
                    <IconButton
                      action="down"
                      label="Move down"
                      isAtEnd={index === queued.length - 1}
                      onPress={() => move(message.id, index + 1, "down")}
                    >
                      <ArrowDown aria-hidden />
                    </IconButton>
                    <IconButton
                      action="remove"
                      label="Remove from the queue"
                      onPress={() => remove(message.id)}
                    >
                      <X aria-hidden />
                    </IconButton>
                  </span>
                </>
              )}
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function Files({ files }: { files: FileUIPart[] }) {
  return (
    <span className="flex items-center gap-1 truncate text-xs text-ink-3">
      <Paperclip aria-hidden className="size-3 shrink-0" />
      {files.map((file) => file.filename ?? file.mediaType).join(", ")}
    </span>
  );
}

type IconButtonProps = {
  action: Action;
  label: string;
  /** Can't move further. The button stays focusable, so that the focus isn't lost at the end of the list. */
  isAtEnd?: boolean;
  onPress: () => void;
  children: React.ReactNode;
};

function IconButton({ action, label, isAtEnd = false, onPress, children }: IconButtonProps) {
  return (
    <Button
      variant="ghost"
      size="icon-sm"
      data-action={action}
      aria-label={label}
      title={label}
      aria-disabled={isAtEnd || undefined}
      onClick={() => {
        if (!isAtEnd) onPress();
      }}
    >
      {children}
    </Button>
  );
}

type EditQueuedProps = { text: string; mayBeEmpty: boolean; onDone: (text?: string) => void };

/** Enter saves, Escape cancels. */
function EditQueued({ text, mayBeEmpty, onDone }: EditQueuedProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [isBlank, setIsBlank] = useState(!isSendable(text));
  const isRefused = isBlank && !mayBeEmpty;
  useLayoutEffect(() => {
    box.current?.focus();
    box.current?.setSelectionRange(text.length, text.length);
  }, [text]);

  function keep() {
    if (!isRefused) onDone(box.current?.value);
  }

  return (
    <span className="flex w-full flex-col gap-1.5 py-1 pr-1">
      <textarea
        ref={box}
        data-slot="queue-edit"
        aria-label="Queued message"
        aria-invalid={isRefused || undefined}
        defaultValue={text}
        rows={1}
        dir="auto"
        className="field-sizing-content max-h-32 w-full resize-none rounded-sm border border-line-strong bg-surface px-2.5 py-1.5 pointer-coarse:text-[16px]"
        onInput={(event) => setIsBlank(!isSendable(event.currentTarget.value))}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing || event.keyCode === 229) return;
          if (event.key === "Escape") onDone();
          if (event.key !== "Enter" || event.shiftKey) return;
          event.preventDefault();
          keep();
        }}
      />
      <span className="flex items-center justify-end gap-1.5">
        <output className="mr-auto text-xs text-red">
          {isRefused && "The message is empty. Type something, or remove it."}
        </output>
        <Button variant="ghost" size="sm" onClick={() => onDone()}>
          Cancel
        </Button>
        <Button size="sm" aria-disabled={isRefused || undefined} onClick={keep}>
          Save
        </Button>
      </span>
    </span>
  );
}
