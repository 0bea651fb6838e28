"use client";

import { useEffect, useEffectEvent } from "react";

/** `settled`: nothing is awaited any more, and the transcript says how it ended. */
export type AwaitedAnswer = "settled" | "queued" | "running" | "revived";

/** Has the server look after an answer that does not come. `isLeaving`: the page is being closed. */
export type LookAfter = (chatId: string, options?: { isLeaving?: boolean }) => Promise<AwaitedAnswer>;

export type ReviveOptions = {
  chatId: string;
  lookAfter: LookAfter | undefined;
  /** A record is expected on the stream. */
  isExpecting: boolean;
  /** Another value with everything that comes. */
  progress: unknown;
  /** The answer ended in an error, which perhaps nobody has saved. */
  hasFailed: boolean;
  /** Another value once something else is asked or followed: what was learned before is about that no more. */
  following: () => number;
  /** The transcript is complete, whatever this page's stream says. `following` is as it was when that was asked. */
  onSettled: (following: number) => void;
};

const SILENCE_MS = 10_000;
const LONGEST_SILENCE_MS = 30_000;

/**
 * A worker that dies may leave a page waiting for words that nobody will write, and an engine need not notice. So a
 * page that expects something and hears nothing asks its server to look, and so does one that is closed meanwhile.
 */
export function useRevive({
  chatId,
  lookAfter,
  isExpecting,
  progress,
  hasFailed,
  ...options
}: ReviveOptions) {
  const look = useEffectEvent(async (isLeaving = false) => {
    // Not being able to ask changes nothing: it is asked again, and the sweep looks by itself.
    const following = options.following();
    const state = await lookAfter?.(chatId, { isLeaving }).catch(() => undefined);
    if (state === "settled" && !isLeaving) options.onSettled(following);
  });

  useEffect(() => {
    if (!isExpecting) return;
    let timer: ReturnType<typeof setTimeout>;
    let isOver = false;
    const lookAgain = async (ms: number) => {
      await look();
      if (!isOver) wait(Math.min(ms * 1.5, LONGEST_SILENCE_MS));
    };
    const wait = (ms: number) => {
      timer = setTimeout(() => void lookAgain(ms), ms);
    };
    wait(SILENCE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isExpecting, progress]);

  useEffect(() => {
    if (!isExpecting) return;
    const onLeave = () => void look(true);
    window.addEventListener("pagehide", onLeave);
    return () => window.removeEventListener("pagehide", onLeave);
  }, [isExpecting]);

  useEffect(() => {
    if (hasFailed) void look();
  }, [hasFailed]);
}
