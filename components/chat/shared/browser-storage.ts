// Data of chats in this browser's storage: drafts, their files, queued messages, and input in cards. It is stored by
// chat, so it stays when a guest creates an account, and is cleared at sign-out.

import { forgetRequestDrafts, PREFIX as REQUEST } from "../requests/request-drafts";
import { DRAFT, DRAFT_FILES, keyOf, QUEUE } from "./storage-keys";

/** Clears the data of a deleted chat. The returned function restores it. */
export function forgetChat(chatId: string): () => void {
  const isOf = (key: string) => Object.values(keyOf).some((of) => key === of(chatId));
  const remember = forget((key) => isOf(key) || key.startsWith(`${REQUEST}${chatId} `));
  forgetRequestDrafts({ chatId });
  return remember;
}

/** Clears everything, at sign-out or after deleting everything. */
export function forgetEverything(): void {
  forgetRequestDrafts("all");
  forget((key) => [DRAFT, DRAFT_FILES, QUEUE].some((prefix) => key.startsWith(prefix)));
}

function forget(isMeant: (key: string) => boolean): () => void {
  const kept: [key: string, value: string][] = [];
  try {
    for (const key of Object.keys(localStorage)) {
      if (!isMeant(key)) continue;
      kept.push([key, localStorage.getItem(key) ?? ""]);
      localStorage.removeItem(key);
    }
  } catch {
    // Storage is blocked, so nothing was stored.
  }
  return () => {
    for (const [key, value] of kept) localStorage.setItem(key, value);
  };
}
