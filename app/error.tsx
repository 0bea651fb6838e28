"use client";

import { Button, buttonClass } from "@/components/ui/button";
import { Frond } from "@/components/ui/frond";

export default function ErrorPage({ error, retry }: { error: unknown; retry: () => void }) {
  const digest = error instanceof Error && "digest" in error ? String(error.digest) : null;
  return (
    <main className="grid min-h-dvh place-items-center px-6">
      <div className="flex max-w-md flex-col items-start gap-5">
        <Frond className="size-9 rounded-[11px]" />
        <div className="flex flex-col gap-1.5">
          <h1 className="text-xl font-semibold tracking-[-0.02em]">This page failed to load</h1>
          <p className="text-ink-2">
            Your chats are stored and safe. Try again; if it keeps failing, reload the page.
          </p>
          {digest && (
            <p className="text-xs text-ink-3">
              Error ID: <code className="font-mono">{digest}</code>
            </p>
          )}
        </div>
        <div className="flex gap-2">
          <Button variant="primary" onClick={retry}>
            Try again
          </Button>
          {/* A full load, because the router may have failed. */}
          {/* oxlint-disable-next-line nextjs/no-html-link-for-pages */}
          <a href="/" className={buttonClass()}>
            Start a new chat
          </a>
        </div>
      </div>
    </main>
  );
}
