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
 * Whether the open chat is gone: deleted in another tab or on another device. The engine says so over the stream; a
 * page that was not listening learns it from the first call that is refused.
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
          // A chat that nobody has written in yet is not there, either.
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

/** Above the composer of a chat that is gone: what happened, and the way on when the deletion was taken back. */
export function DeletedNotice({ isDeleted }: { isDeleted: boolean }) {
  const text = isDeleted ? "This chat was deleted in another tab or on another device." : "";
  return (
    <section aria-label="This chat">
      {/* There before it has anything to say, so that what it says is heard. */}
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
