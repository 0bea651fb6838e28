"use client";

import { useEffect, useState } from "react";

const ASK_AFTER_MS = 1_200;
const ASK_EVERY_MS = 2_000;

export type IsQueuedOptions = {
  /** True while an answer is awaited and nothing of it has come. */
  isWaiting: boolean;
  /** The session's address, for example `/engine/api/v1/sessions/<chat>`. */
  url: string;
  accessToken: () => string | undefined;
};

/**
 * Whether the chat's run waits for a place among the others. Asked only when an answer is slow to begin. An engine
 * that does not tell what a session's run does (Trigger.dev's own) is never said to queue.
 */
export function useIsQueued({ isWaiting, url, accessToken }: IsQueuedOptions): boolean {
  const [isQueued, setIsQueued] = useState(false);
  useEffect(() => {
    if (!isWaiting) return;
    const controller = new AbortController();
    const ask = async () => {
      const token = accessToken();
      if (!token) return;
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${token}` },
        signal: controller.signal,
      });
      if (!response.ok) return;
      const { currentRun } = (await response.json()) as { currentRun?: { status?: string } | null };
      setIsQueued(currentRun?.status === "QUEUED");
    };
    // Not being able to ask says nothing about the answer, which has its own line.
    const askQuietly = () => void ask().catch(() => {});
    let again: ReturnType<typeof setInterval> | undefined;
    const first = setTimeout(() => {
      askQuietly();
      again = setInterval(askQuietly, ASK_EVERY_MS);
    }, ASK_AFTER_MS);
    return () => {
      clearTimeout(first);
      clearInterval(again);
      controller.abort();
      setIsQueued(false);
    };
  }, [isWaiting, url, accessToken]);
  return isQueued;
}
