"use client";

import { useEffect, useEffectEvent, useState } from "react";
import { Paperclip } from "lucide-react";
import { droppedItems } from "./dropped-files";

export type DropOverlayProps = {
  /** `folders` are the names of dropped folders, whose files aren't attached. */
  onFiles: (files: File[], folders: string[]) => void;
  /** The accepted file types, in a few words. */
  hint?: string;
};

/**
 * Accepts files dropped anywhere on the page; otherwise the browser would leave the chat to show the file. Put it
 * inside the positioned element that it should cover.
 */
export function DropOverlay({ onFiles, hint }: DropOverlayProps) {
  const [isDragging, setIsDragging] = useState(false);
  const take = useEffectEvent(onFiles);

  useEffect(() => {
    // Children fire their own enter and leave events, so this counts both to know if the pointer is over the page.
    let depth = 0;
    const listen = <Name extends "dragenter" | "dragover" | "dragleave" | "drop">(
      name: Name,
      handle: (event: DragEvent) => void,
    ) => {
      const onlyFiles = (event: DragEvent) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        handle(event);
      };
      window.addEventListener(name, onlyFiles);
      return () => window.removeEventListener(name, onlyFiles);
    };
    const show = (change: number) => {
      depth = Math.max(0, depth + change);
      setIsDragging(depth > 0);
    };
    const stops = [
      listen("dragenter", () => show(1)),
      listen("dragleave", () => show(-1)),
      listen("dragover", () => {}),
      listen("drop", (event) => {
        show(-depth);
        const { files, folders } = droppedItems(event.dataTransfer);
        take(files, folders);
      }),
    ];
    return () => stops.forEach((stop) => stop());
  }, []);

  return isDragging ? <DropTarget hint={hint} /> : null;
}

/** The overlay's text. */
export function DropTarget({ hint = "Images, PDF and text" }: { hint?: string }) {
  return (
    <div
      data-slot="drop-overlay"
      className="pointer-events-none absolute inset-0 z-40 grid place-items-center bg-overlay p-6"
    >
      <div className="flex flex-col items-center gap-1 rounded-xl border border-kelp-line bg-surface px-8 py-6 text-sm shadow-card">
        <Paperclip aria-hidden className="mb-1 size-5 text-kelp" />
        <span className="font-medium">Drop to attach</span>
        <span className="text-ink-3">{hint}</span>
      </div>
    </div>
  );
}
