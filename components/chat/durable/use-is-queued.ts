"use client";

import { useEffect, useEffectEvent, useState } from "react";

const ASK_AFTER_MS = 1_200;
const LONGEST_PAUSE_MS = 10_000;

export type IsQueuedOptions = {
  chatId: string;
  /** True while an answer is awaited and nothing of it has come. */
  isWaiting: boolean;
  /** Asks the server whether the chat's run waits for a worker; without it nothing is said to. */
  isQueued: ((chatId: string, signal: AbortSignal) => Promise<boolean>) | undefined;
};

/** Whether the chat's run waits for a worker. Asked only when an answer is slow to begin, and ever more rarely. */
export function useIsQueued({ chatId, isWaiting, isQueued }: IsQueuedOptions): boolean {
  const [isInLine, setIsInLine] = useState(false);
  const ask = useEffectEvent(async (signal: AbortSignal) => isQueued?.(chatId, signal));
  useEffect(() => {
    if (!isWaiting) return;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const askNow = async (ms: number) => {
      // Not being able to ask says nothing about the answer, which has its own line.
      const answer = await ask(controller.signal).catch(() => undefined);
      if (controller.signal.aborted) return;
      if (answer !== undefined) setIsInLine(answer);
      askIn(Math.min(ms * 1.5, LONGEST_PAUSE_MS));
    };
    const askIn = (ms: number) => {
      timer = setTimeout(() => void askNow(ms), ms);
    };
    askIn(ASK_AFTER_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
      setIsInLine(false);
    };
  }, [isWaiting]);
  return isInLine;
}
