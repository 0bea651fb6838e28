// What stands in the composer, as plain text questions. Storage is best effort: a private window may refuse it.

import type { FileUIPart } from "ai";
import { keyOf } from "../shared/storage-keys";

export function readDraft(key: string | undefined) {
  if (!key) return "";
  try {
    return localStorage.getItem(keyOf.draft(key)) ?? "";
  } catch {
    return "";
  }
}

export function saveDraft(key: string | undefined, text: string) {
  if (!key) return;
  if (!text) return forgetDraft(key);
  try {
    localStorage.setItem(keyOf.draft(key), text);
  } catch {
    // Full or forbidden: the words are still in the box.
  }
}

function forgetDraft(key: string | undefined) {
  if (!key) return;
  try {
    localStorage.removeItem(keyOf.draft(key));
  } catch {
    // Nothing was stored then either.
  }
}

/** A chat that got its address takes its draft along. */
export function moveDraft(from: string | undefined, to: string | undefined, text: string) {
  if (from === to) return;
  forgetDraft(from);
  saveDraft(to, text);
}

/** A file of a draft: it is on the server, and waits here for its message. */
export type StoredFile = { part: FileUIPart; size: number };

export function readFiles(key: string | undefined): StoredFile[] {
  if (!key) return [];
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(keyOf.draftFiles(key)) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isStoredFile) : [];
  } catch {
    return [];
  }
}

export function saveFiles(key: string | undefined, files: StoredFile[]) {
  if (!key) return;
  try {
    if (files.length === 0) localStorage.removeItem(keyOf.draftFiles(key));
    else localStorage.setItem(keyOf.draftFiles(key), JSON.stringify(files));
  } catch {
    // Full or forbidden: the files are still in the composer.
  }
}

function isStoredFile(value: unknown): value is StoredFile {
  const { part, size } = (value ?? {}) as Partial<StoredFile>;
  return typeof size === "number" && typeof part?.url === "string" && typeof part.mediaType === "string";
}

/** The stored draft plus what was typed before the page was ready; neither is dropped, and neither stands twice. */
export function mergeDraft(stored: string, typed: string) {
  if (!stored || typed === stored || typed.startsWith(stored)) return typed || stored;
  if (!typed || stored.startsWith(typed)) return stored;
  return `${stored}\n${typed}`;
}
