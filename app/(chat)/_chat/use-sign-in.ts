"use client";

import { useEffect, useState } from "react";
import { readMe } from "./reads/fetchers";

const CHANNEL = "holdfast:account";

/** Tells this browser's other pages that the signed-in person changed. */
export function announceAccountChange(): void {
  if (typeof BroadcastChannel === "undefined") return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("changed");
  channel.close();
}

export type SignIn =
  /** The page's person is still signed in. */
  | { state: "same" }
  | { state: "signed-out" }
  /** An account signed in after the page was loaded. */
  | { state: "other"; email: string };

/**
 * Whether the page's person is still signed in. Other tabs report a change at once; a sign-out elsewhere, or one missed
 * by a sleeping tab, is noticed when the person returns to the page.
 */
export function useSignIn(userId: string): SignIn {
  const [signIn, setSignIn] = useState<SignIn>({ state: "same" });

  useEffect(() => {
    // The page had no person, so signing in loses nothing.
    if (userId === "nobody") return;
    const gone = new AbortController();

    async function checkSignIn() {
      try {
        const me = await readMe(gone.signal);
        if (gone.signal.aborted) return;
        if (me.userId === userId) setSignIn({ state: "same" });
        else setSignIn(me.email === null ? { state: "signed-out" } : { state: "other", email: me.email });
      } catch {
        // Offline, nothing can be sent either. The check runs again at the next occasion.
      }
    }
    const checkWhenVisible = () => void (document.visibilityState === "visible" && checkSignIn());
    const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(CHANNEL);
    channel?.addEventListener("message", () => void checkSignIn());
    window.addEventListener("focus", checkWhenVisible);
    window.addEventListener("online", checkWhenVisible);
    // The browser restored the page from its back/forward cache.
    window.addEventListener("pageshow", checkWhenVisible);
    document.addEventListener("visibilitychange", checkWhenVisible);
    return () => {
      gone.abort();
      channel?.close();
      window.removeEventListener("focus", checkWhenVisible);
      window.removeEventListener("online", checkWhenVisible);
      window.removeEventListener("pageshow", checkWhenVisible);
      document.removeEventListener("visibilitychange", checkWhenVisible);
    };
  }, [userId]);

  return signIn;
}
