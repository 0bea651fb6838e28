"use client";

import { ThemeProvider } from "next-themes";
import { useState, type ReactNode } from "react";

declare global {
  /** Provides the nonce to libraries that add a `<style>` (react-remove-scroll, behind every dialog and menu). */
  var __webpack_nonce__: string | undefined;
  var __zod_globalConfig: { jitless?: boolean } | undefined;
}

// Zod checks once if it may compile functions. The policy forbids it, and browsers would report the attempt.
if (typeof window !== "undefined") (globalThis.__zod_globalConfig ??= {}).jitless = true;

/** The theme: light, dark or the system's. A page's policy only accepts the nonce that it was loaded with. */
export function Theme({ nonce, children }: { nonce: string; children: ReactNode }) {
  const [first] = useState(() => keepNonce(nonce));
  return (
    <ThemeProvider
      attribute="class"
      defaultTheme="system"
      enableSystem
      disableTransitionOnChange
      nonce={first}
    >
      {children}
    </ThemeProvider>
  );
}

function keepNonce(nonce: string): string {
  if (typeof window !== "undefined") globalThis.__webpack_nonce__ ??= nonce;
  return nonce;
}
