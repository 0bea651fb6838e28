"use client";

import Link from "next/link";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { describeError } from "@/app/(chat)/_chat/actions/expected-error";
import { sendTestEvent } from "./actions";

export type EventHooksProps = {
  /** Null for a guest. */
  userId: string | null;
  /** Null when this installation has nothing to derive it from. */
  secret: string | null;
};

/** Where other services send events, and with which secret they sign them. */
export function EventHooks({ userId, secret }: EventHooksProps) {
  const [isShown, setIsShown] = useState(false);
  const [state, setState] = useState<{ chat?: string; problem?: string; isSending?: true }>({});
  if (userId === null || secret === null)
    return (
      <p className="text-sm text-ink-2">
        Other services can send events to a chat of yours. Create an account to get an address for them.
      </p>
    );
  const path = `/api/hooks/${userId}/shop`;

  function send() {
    if (state.isSending) return;
    setState({ isSending: true });
    sendTestEvent().then(
      (chat) => setState({ chat }),
      (error: unknown) => setState({ problem: describeError(error) }),
    );
  }

  return (
    <div className="flex flex-col gap-3 text-sm text-ink-2">
      <p>
        Each signed event becomes one turn of a chat named after its source, the last part of the address.{" "}
        <Link
          href="/docs/sessions#events-that-nobody-types"
          prefetch={false}
          className="underline decoration-kelp-line underline-offset-3 hover:text-ink"
        >
          How to send one
        </Link>
      </p>
      <Value label="Address" text={path} copied={() => new URL(path, window.location.href).href} />
      <Value label="Signing secret" text={isShown ? secret : "whsec_••••••••••••"} copied={() => secret}>
        <Button size="sm" variant="ghost" aria-pressed={isShown} onClick={() => setIsShown(!isShown)}>
          {isShown ? "Hide" : "Show"}
        </Button>
      </Value>
      <div className="flex flex-wrap items-center gap-3">
        <Button aria-disabled={state.isSending} onClick={send}>
          Send a test event
        </Button>
        <output>
          {state.chat && (
            <Link
              href={`/chat/${state.chat}`}
              className="underline decoration-kelp-line underline-offset-3 hover:text-ink"
            >
              It arrived. Open the chat.
            </Link>
          )}
        </output>
      </div>
      {state.problem && (
        <p role="alert" className="text-red">
          {state.problem}
        </p>
      )}
    </div>
  );
}

type ValueProps = { label: string; text: string; copied: () => string; children?: React.ReactNode };

function Value({ label, text, copied, children }: ValueProps) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <span className="text-xs text-ink-3">{label}</span>
      <div className="flex min-w-0 items-center gap-1.5">
        <code className="min-w-0 flex-1 rounded-sm border bg-code px-2.5 py-1.5 text-[13px] wrap-anywhere text-ink">
          {text}
        </code>
        {children}
        <CopyButton text={copied} label={`Copy ${label.toLowerCase()}`} />
      </div>
    </div>
  );
}
