// What this browser keeps of chats for the person in front of it: drafts, their files, messages that wait, and what was
// typed into cards. It is kept by chat, so it goes along when a guest becomes an account; and it leaves with the person.

import { forgetRequestDrafts, PREFIX as REQUEST } from "../requests/request-drafts";
import { DRAFT, DRAFT_FILES, keyOf, QUEUE } from "./storage-keys";

/** The chat is deleted. What is returned takes that back. */
export function forgetChat(chatId: string): () => void {
  const isOf = (key: string) => Object.values(keyOf).some((of) => key === of(chatId));
  const remember = forget((key) => isOf(key) || key.startsWith(`${REQUEST}${chatId} `));
  forgetRequestDrafts({ chatId });
  return remember;
}

/** Somebody signs out, or deletes everything. */
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
    // Where nothing can be kept, nothing is.
  }
  return () => {
    for (const [key, value] of kept) localStorage.setItem(key, value);
  };
}
