"use client";

import { useEffect, useState } from "react";
import { readMe } from "./reads/fetchers";

const CHANNEL = "holdfast:account";

/** This browser is somebody else from now on: its other pages should know. */
export function announceAccountChange(): void {
  if (typeof BroadcastChannel === "undefined") return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("changed");
  channel.close();
}

export type SignIn =
  /** Still the person the page was loaded for. */
  | { state: "same" }
  | { state: "signed-out" }
  /** An account is signed in that was not when the page was loaded. */
  | { state: "other"; email: string };

/**
 * Whether the page still belongs to the person it was loaded for. Other tabs say so at once; a sign-out elsewhere, and
 * what a sleeping tab has missed, is seen when somebody comes back to it.
 */
export function useSignIn(userId: string): SignIn {
  const [signIn, setSignIn] = useState<SignIn>({ state: "same" });

  useEffect(() => {
    // Nobody yet: whoever becomes somebody here has lost nothing.
    if (userId === "nobody") return;
    const gone = new AbortController();

    async function look() {
      try {
        const me = await readMe(gone.signal);
        if (gone.signal.aborted) return;
        if (me.userId === userId) setSignIn({ state: "same" });
        else setSignIn(me.email === null ? { state: "signed-out" } : { state: "other", email: me.email });
      } catch {
        // Away from the network nothing can be sent either; the next occasion asks again.
      }
    }
    const lookWhenSeen = () => void (document.visibilityState === "visible" && look());
    const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(CHANNEL);
    channel?.addEventListener("message", () => void look());
    window.addEventListener("focus", lookWhenSeen);
    window.addEventListener("online", lookWhenSeen);
    // A page that the browser kept and shows again.
    window.addEventListener("pageshow", lookWhenSeen);
    document.addEventListener("visibilitychange", lookWhenSeen);
    return () => {
      gone.abort();
      channel?.close();
      window.removeEventListener("focus", lookWhenSeen);
      window.removeEventListener("online", lookWhenSeen);
      window.removeEventListener("pageshow", lookWhenSeen);
      document.removeEventListener("visibilitychange", lookWhenSeen);
    };
  }, [userId]);

  return signIn;
}
