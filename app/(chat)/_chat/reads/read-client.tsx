"use client";

import { type Query, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

const LONGEST_MS = 5 * 60_000;
/** Browsers let a page that nobody sees wake up about once a minute. */
const HIDDEN_MS = 60_000;

/**
 * How long after an answer the next one is asked for; the wait begins when the answer is there, so two never overlap.
 * Slower while nobody looks at the page; and while it fails, after as long as it has failed already.
 */
export function pollEvery(ms: number) {
  return ({
    state,
  }: {
    state: Pick<Query["state"], "status" | "dataUpdatedAt" | "errorUpdatedAt">;
  }): number => {
    // There is no document while the server renders.
    const isHidden = globalThis.document?.visibilityState === "hidden";
    const base = isHidden ? Math.max(ms, HIDDEN_MS) : ms;
    if (state.status !== "error") return base;
    return Math.min(
      Math.max(base, state.errorUpdatedAt - (state.dataUpdatedAt || state.errorUpdatedAt)),
      LONGEST_MS,
    );
  };
}

export function makeReadClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // What is shown is read again on the occasions that its hook names, and when somebody comes back to it.
        staleTime: Infinity,
        refetchOnWindowFocus: "always",
        refetchOnReconnect: "always",
        retry: false,
        // A read that fails at once can say so; one that is held back until the network returns says nothing.
        networkMode: "always",
      },
    },
  });
}

/** What the pages inside have read from the server. */
export function ReadClientProvider({ children }: { children: ReactNode }) {
  const [client] = useState(makeReadClient);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
