"use client";

import { type Query, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

const LONGEST_MS = 5 * 60_000;
/** Browsers wake a hidden page about once a minute. */
const HIDDEN_MS = 60_000;

/**
 * The delay between an answer and the next poll; it starts with the answer, so that two polls never overlap. It is
 * longer while the page is hidden, and grows while polls fail.
 */
export function pollEvery(ms: number) {
  return ({
    state,
  }: {
    state: Pick<Query["state"], "status" | "dataUpdatedAt" | "errorUpdatedAt">;
  }): number => {
    // There is no document on the server.
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
        // Data is read again when its hook says so, and when the person returns to the page.
        staleTime: Infinity,
        refetchOnWindowFocus: "always",
        refetchOnReconnect: "always",
        retry: false,
        // Failed reads show an error at once, instead of silently pausing until the network is back.
        networkMode: "always",
      },
    },
  });
}

/** The cache of everything that the pages inside have read from the server. */
export function ReadClientProvider({ children }: { children: ReactNode }) {
  const [client] = useState(makeReadClient);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
