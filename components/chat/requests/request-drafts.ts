"use client";

import { useEffectEvent, useLayoutEffect, useState } from "react";
import { requestKey, type HumanRequestView } from "./request";

/** Under which names they are kept. */
export const PREFIX = "holdfast:request:";

type Place = Pick<HumanRequestView, "chatId" | "messageId" | "toolCallId">;

// A card leaves the page when its message is scrolled far away. What was typed in it must not leave with it.
const drafts = new Map<string, unknown>();

/**
 * State that lives as long as the request waits: its card may leave the page, and the page may be reloaded. `takeOver`
 * adds what was typed into the server's page while it was still coming alive to what was kept before.
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
  // After the first render, which has to be the server's; before anybody sees it.
  const restore = useEffectEvent(() => {
    if (drafts.has(key)) return;
    const restored = takeOver(readKept(key, value));
    if (restored !== value) set(restored);
  });
  // oxlint-disable-next-line react/set-state-in-effect
  useLayoutEffect(() => restore(), []);
  return [value, set];
}

/** Forgets one value: the next `useRequestDraft` of that name begins afresh. */
export function forgetRequestDraft(request: Place, name: string) {
  const key = `${prefixOf(request)}${name}`;
  drafts.delete(key);
  keep(key, undefined);
}

/** What was typed is of no use any more: for one request, for all of a chat, or for all there are. */
export function forgetRequestDrafts(of: Place | { chatId: string } | "all") {
  const prefix = of === "all" ? PREFIX : "toolCallId" in of ? prefixOf(of) : `${PREFIX}${of.chatId} `;
  for (const key of drafts.keys()) if (key.startsWith(prefix)) drafts.delete(key);
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
  } catch {
    // Nothing was kept then either.
  }
}

function keep(key: string, value: unknown) {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden: it stands in the card, as long as the page does.
  }
}

/** What does not look like the value of this version of the page is nobody's draft. */
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
