"use client";

import { Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { moveBranch } from "./actions/branches";
import { mintChatAccessToken, startChatSession } from "./actions/session";
import { lookAfter } from "./reads/awaited-answer";
import { readExpectedError } from "./actions/expected-error";
import { readTranscript } from "./reads/fetchers";

/** Why nothing can be written. */
export const DELETED = "This chat was deleted. Nothing can be written here.";

/**
 * Whether the open chat was deleted, in another tab or on another device. The engine announces it over the stream; a
 * page that wasn't connected learns it from the first refused call.
 */
export function useDeletedChat({ hasRow }: { hasRow: boolean }) {
  const [isDeleted, setIsDeleted] = useState(false);
  const hasBegun = useRef(hasRow);
  useEffect(() => {
    hasBegun.current = hasRow;
  }, [hasRow]);
  const [calls] = useState(() => {
    const heed =
      <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
      async (...given: A): Promise<R> => {
        try {
          return await call(...given);
        } catch (error) {
          // A chat without messages has no row either.
          if (hasBegun.current && readExpectedError(error)?.code === "chat-not-found") setIsDeleted(true);
          throw error;
        }
      };
    return {
      startSession: heed(startChatSession),
      mintAccessToken: heed(mintChatAccessToken),
      loadTranscript: heed(readTranscript),
      moveBranch: heed(moveBranch),
      lookAfter: heed(lookAfter),
    };
  });
  return { isDeleted, onClosed: () => setIsDeleted(true), ...calls };
}

/** Shown above the composer of a deleted chat: what happened, and how to continue if it was restored. */
export function DeletedNotice({ isDeleted }: { isDeleted: boolean }) {
  const text = isDeleted ? "This chat was deleted in another tab or on another device." : "";
  return (
    <section aria-label="This chat">
      {/* Rendered before it has any text, so that screen readers announce the text when it appears. */}
      <output className="sr-only">{text}</output>
      {isDeleted && (
        <div className="mb-2 flex min-h-11 items-center gap-2.5 rounded-md border bg-surface py-1.5 pr-1.5 pl-3.5 text-[13.5px] text-ink-2">
          <Trash2 aria-hidden className="size-4 shrink-0 text-ink-3" />
          <p aria-hidden className="min-w-0 flex-1">
            {text} If it was restored, reload this page.
          </p>
          <Button size="sm" onClick={() => window.location.reload()}>
            Reload
          </Button>
        </div>
      )}
    </section>
  );
}
