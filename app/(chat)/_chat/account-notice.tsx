"use client";

import { LogOut } from "lucide-react";
import { Button } from "@/components/ui/button";
import type { SignIn } from "./use-sign-in";

/** Why this page is read-only: its person is no longer signed in. */
export function closedReason(signIn: SignIn): string | undefined {
  if (signIn.state === "signed-out") return "You're signed out. Sign in to write here.";
  if (signIn.state === "other") return `You're signed in as ${signIn.email} now. Reload to continue.`;
  return undefined;
}

/** Shown above the composer of such a page: what happened, and how to continue. */
export function AccountNotice({ signIn }: { signIn: SignIn }) {
  const isOut = signIn.state === "signed-out";
  const text =
    signIn.state === "same"
      ? ""
      : isOut
        ? "You signed out in another tab or on another device."
        : `You're signed in as ${signIn.email} now.`;
  return (
    <section aria-label="Your account">
      {/* Rendered before it has any text, so that screen readers announce the text when it appears. */}
      <output className="sr-only">{text}</output>
      {text !== "" && (
        <div className="mb-2 flex min-h-11 items-center gap-2.5 rounded-md border bg-surface py-1.5 pr-1.5 pl-3.5 text-[13.5px] text-ink-2">
          <LogOut aria-hidden className="size-4 shrink-0 text-ink-3" />
          <p aria-hidden className="min-w-0 flex-1">
            {text}
          </p>
          {/* A full load leaves no data of the previous person in the page. */}
          <Button
            size="sm"
            onClick={() => (isOut ? window.location.assign("/settings") : window.location.reload())}
          >
            {isOut ? "Sign in" : "Reload"}
          </Button>
        </div>
      )}
    </section>
  );
}
