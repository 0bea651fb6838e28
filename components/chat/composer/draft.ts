// Composer drafts as plain text. Storage is best effort: a private window may refuse it.

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
    // Storage is full or blocked. The text is still in the box.
  }
}

function forgetDraft(key: string | undefined) {
  if (!key) return;
  try {
    localStorage.removeItem(keyOf.draft(key));
  } catch {
    // Storage is blocked, so nothing was stored.
  }
}

/** Moves the draft of a new chat to the chat's id. */
export function moveDraft(from: string | undefined, to: string | undefined, text: string) {
  if (from === to) return;
  forgetDraft(from);
  saveDraft(to, text);
}

/** A file of a draft, already uploaded to the server. */
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
    // Storage is full or blocked. The files are still in the composer.
  }
}

function isStoredFile(value: unknown): value is StoredFile {
  const { part, size } = (value ?? {}) as Partial<StoredFile>;
  return typeof size === "number" && typeof part?.url === "string" && typeof part.mediaType === "string";
}

/** Merges the stored draft with text typed before hydration: keeps both, and repeats neither. */
export function mergeDraft(stored: string, typed: string) {
  if (!stored || typed === stored || typed.startsWith(stored)) return typed || stored;
  if (!typed || stored.startsWith(typed)) return stored;
  return `${stored}\n${typed}`;
}
