"use client";

import { useEffectEvent, useLayoutEffect, useState } from "react";
import { requestKey, type HumanRequestView } from "./request";

/** The names of the stored drafts. */
export const PREFIX = "holdfast:request:";

type Place = Pick<HumanRequestView, "chatId" | "messageId" | "toolCallId">;

// A card unmounts when its message is scrolled far away, so its draft is stored outside it.
const drafts = new Map<string, unknown>();

/**
 * State that lives as long as the request is pending, across unmounts and reloads. `takeOver` merges text typed before
 * hydration with the stored draft.
 */
export function useRequestDraft<T>(
  request: Place,
  name: string,
  initial: () => T,
  takeOver: (kept: T) => T = (kept) => kept,
): [T, (next: T) => void] {
  const key = `${prefixOf(request)}${name}`;
  const [value, setValue] = useState<T>(() => (drafts.has(key) ? (drafts.get(key) as T) : initial()));
  const set = (next: T) => {
    drafts.set(key, next);
    keep(key, next);
    setValue(next);
  };
  // Runs after the first render, which must match the server's, and before paint.
  const restore = useEffectEvent(() => {
    if (drafts.has(key)) return;
    const restored = takeOver(readKept(key, value));
    if (restored !== value) set(restored);
  });
  // oxlint-disable-next-line react/set-state-in-effect
  useLayoutEffect(() => restore(), []);
  return [value, set];
}

/** Clears one value: the next `useRequestDraft` with this name starts with its initial value. */
export function forgetRequestDraft(request: Place, name: string) {
  const key = `${prefixOf(request)}${name}`;
  drafts.delete(key);
  keep(key, undefined);
}

/** Clears the drafts of one request, of a chat, or of all chats. */
export function forgetRequestDrafts(of: Place | { chatId: string } | "all") {
  const prefix = of === "all" ? PREFIX : "toolCallId" in of ? prefixOf(of) : `${PREFIX}${of.chatId} `;
  for (const key of drafts.keys()) if (key.startsWith(prefix)) drafts.delete(key);
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
  } catch {
    // Storage is blocked, so nothing was stored.
  }
}

function keep(key: string, value: unknown) {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or blocked. The draft lives as long as the page.
  }
}

/** Ignores a stored value that this version can't read. */
function readKept<T>(key: string, initial: T): T {
  try {
    const text = localStorage.getItem(key);
    const kept: unknown = text === null ? undefined : JSON.parse(text);
    const isAlike = typeof kept === typeof initial || (initial === undefined && typeof kept === "object");
    return kept !== null && kept !== undefined && isAlike ? (kept as T) : initial;
  } catch {
    return initial;
  }
}

function prefixOf(request: Place) {
  return `${PREFIX}${request.chatId} ${requestKey(request)} `;
}
