"use client";

import { ThemeProvider } from "next-themes";
import { useState, type ReactNode } from "react";

declare global {
  /** What libraries that write a `<style>` ask for the nonce (react-remove-scroll, behind every dialog and menu). */
  var __webpack_nonce__: string | undefined;
  var __zod_globalConfig: { jitless?: boolean } | undefined;
}

// Zod tries once whether it may build functions from text. It may not, and the browser would report the attempt.
if (typeof window !== "undefined") (globalThis.__zod_globalConfig ??= {}).jitless = true;

/** Light, dark or the system's. The policy of a page knows the nonce it was loaded with, whatever is rendered later. */
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
