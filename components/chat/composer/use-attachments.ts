"use client";

import type { FileUIPart } from "ai";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { readFiles, saveFiles, type StoredFile } from "./draft";

/** A file in the composer, from its selection until its message is sent. */
export type Attachment = {
  /** Unique on this page only. */
  id: string;
  name: string;
  size: number;
  mediaType: string;
  /** A URL for the preview of an image. */
  previewUrl?: string;
} & (
  | { state: "uploading"; progress: number }
  | { state: "ready"; part: FileUIPart }
  | { state: "failed"; error: string; canRetry: boolean }
);

export type AttachmentLimits = {
  maxBytes: number;
  maxFiles: number;
  /** For the file dialog, as in `<input accept>`. The server makes the final decision. */
  accept: string;
  /**
   * The same for iPhone and iPad. iOS converts HEIC photos to JPEG if the list has `image/jpeg` and not `image/heic`.
   * Default: `accept`.
   */
  acceptOnIos?: string;
};

/** Stores one file. Rejects with `UploadError` to say if a retry can help. */
export type UploadFile = (
  file: File,
  options: { onProgress: (fraction: number) => void; signal: AbortSignal },
) => Promise<FileUIPart>;

export class UploadError extends Error {
  override name = "UploadError";
  readonly canRetry: boolean;

  constructor(message: string, canRetry: boolean) {
    super(message);
    this.canRetry = canRetry;
  }
}

export type Attachments = {
  items: Attachment[];
  limits: AttachmentLimits;
  /** Why some of the last files were not attached. */
  notice: string | null;
  /** `folders` are the names of dropped folders. */
  add: (files: Iterable<File>, folders?: string[]) => void;
  remove: (id: string) => void;
  retry: (id: string) => void;
  /** Hides the files while their message is being sent. They stay in the draft. */
  take: (ids: string[]) => void;
  /** Shows the files again: their message wasn't delivered. */
  putBack: (ids: string[]) => void;
  /** Drops sent files: they belong to their message now. */
  release: (ids: string[]) => void;
};

export type UseAttachmentsOptions = {
  upload: UploadFile;
  limits: AttachmentLimits;
  /** The key of stored files in this browser's storage while the message is a draft. When it changes, they move. */
  draftKey?: string;
};

const nothingYet: Attachment[] = [];

/** The files of the message being written. They upload at once, so sending needn't wait for them. */
export function useAttachments({ upload, limits, draftKey }: UseAttachmentsOptions): Attachments {
  const [items, setItems] = useState<Attachment[]>(nothingYet);
  const [taken, setTaken] = useState<ReadonlySet<string>>(new Set());
  const [notice, setNotice] = useState<string | null>(null);
  const files = useRef(new Map<string, { file: File; abort: AbortController }>());
  const count = useRef(0);
  const isRestored = useRef(false);

  useEffect(() => {
    if (isRestored.current) return;
    isRestored.current = true;
    const stored = readFiles(draftKey).map(restored);
    if (stored.length === 0) return;
    count.current += stored.length;
    // Runs after hydration, because the server can't know the files, and only once, because afterwards the chips are
    // the truth.
    // oxlint-disable-next-line react/set-state-in-effect
    setItems((now) => [...stored, ...now]);
  }, [draftKey]);

  const keptUnder = useRef(draftKey);
  useEffect(() => {
    if (keptUnder.current !== draftKey) saveFiles(keptUnder.current, []);
    keptUnder.current = draftKey;
    if (items !== nothingYet) saveFiles(draftKey, items.flatMap(storable));
  }, [draftKey, items]);

  const isUploading = items.some((item) => item.state === "uploading");
  useEffect(() => {
    if (!isUploading) return;
    // Leaving the page would lose a file that is only partly uploaded.
    const preventUnload = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", preventUnload);
    return () => window.removeEventListener("beforeunload", preventUnload);
  }, [isUploading]);

  // The page is gone, so a large upload would only use bandwidth.
  useEffect(() => {
    const uploads = files.current;
    return () => {
      for (const { abort } of uploads.values()) abort.abort();
    };
  }, []);

  const updateItem = useCallback((id: string, outcome: Partial<Attachment>) => {
    setItems((now) => now.map((item) => (item.id === id ? ({ ...item, ...outcome } as Attachment) : item)));
  }, []);

  const start = useCallback(
    async (id: string, file: File) => {
      const abort = new AbortController();
      files.current.set(id, { file, abort });
      updateItem(id, { state: "uploading", progress: 0 });
      try {
        const onProgress = (progress: number) => updateItem(id, { state: "uploading", progress });
        const part = await upload(file, { onProgress, signal: abort.signal });
        updateItem(id, { state: "ready", part, mediaType: part.mediaType, name: part.filename ?? file.name });
      } catch (cause) {
        if (abort.signal.aborted) return;
        updateItem(id, {
          state: "failed",
          error: cause instanceof Error && cause.message ? cause.message : "The upload was interrupted.",
          canRetry: !(cause instanceof UploadError) || cause.canRetry,
        });
      }
    },
    [updateItem, upload],
  );

  const drop = useCallback((ids: string[]) => {
    for (const id of ids) {
      files.current.get(id)?.abort.abort();
      files.current.delete(id);
    }
    setItems((now) => {
      for (const item of now) if (ids.includes(item.id)) forgetPreview(item);
      return now.filter((item) => !ids.includes(item.id));
    });
    setNotice(null);
  }, []);

  const visible = useMemo(() => items.filter(({ id }) => !taken.has(id)), [items, taken]);
  useEffect(() => {
    count.current = visible.length;
  }, [visible]);

  return {
    items: visible,
    limits,
    notice,
    add(chosen, folders = []) {
      const all = [...chosen];
      const taken = all.slice(0, Math.max(0, limits.maxFiles - count.current));
      count.current += taken.length;
      const left = all.length - taken.length;
      const notices = [
        folders.length > 0 && "Folders can't be attached. Attach the files in them instead.",
        left > 0 &&
          `A message can have ${limits.maxFiles} files. ${left} more ${left === 1 ? "was" : "were"} left out.`,
      ].filter(Boolean);
      setNotice(notices.length > 0 ? notices.join(" ") : null);
      for (const file of taken) {
        const item = chip(file, limits);
        setItems((now) => [...now, item]);
        if (item.state === "uploading") void start(item.id, file);
      }
    },
    remove: (id) => drop([id]),
    take: (ids) => setTaken((now) => new Set([...now, ...ids])),
    putBack: (ids) => setTaken((now) => new Set([...now].filter((id) => !ids.includes(id)))),
    retry(id) {
      const stored = files.current.get(id);
      if (stored) void start(id, stored.file);
    },
    release: drop,
  };
}

function chip(file: File, { maxBytes }: AttachmentLimits): Attachment {
  const base = {
    id: crypto.randomUUID(),
    name: file.name || "file",
    size: file.size,
    mediaType: file.type,
    ...(/^image\/(png|jpeg|gif|webp)$/.test(file.type) && { previewUrl: URL.createObjectURL(file) }),
  };
  if (file.size <= maxBytes) return { ...base, state: "uploading", progress: 0 };
  const error = `Too large: ${formatSize(file.size)}, the limit is ${formatSize(maxBytes)}.`;
  return { ...base, state: "failed", error, canRetry: false };
}

function restored({ part, size }: StoredFile): Attachment {
  return {
    id: crypto.randomUUID(),
    name: part.filename ?? "file",
    size,
    mediaType: part.mediaType,
    ...(part.mediaType.startsWith("image/") && { previewUrl: part.url }),
    state: "ready",
    part,
  };
}

function storable(item: Attachment): StoredFile[] {
  return item.state === "ready" ? [{ part: item.part, size: item.size }] : [];
}

function forgetPreview({ previewUrl }: Attachment) {
  if (previewUrl?.startsWith("blob:")) URL.revokeObjectURL(previewUrl);
}

export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1).replace(/\.0$/, "")} MB`;
}
