"use client";

import type { ChatTransportEvent, TriggerChatTransport } from "@trigger.dev/sdk/chat";
import { useEffect, useEffectEvent, useState, useSyncExternalStore } from "react";
import { loadTransport } from "./lazy-transport";
import { patientFetch } from "./retrying-fetch";

export type WatchOptions = {
  chatId: string;
  task: string;
  baseURL: string;
  /** There is nothing else that this page reads from the chat's stream. */
  isOn: boolean;
  /**
   * Another value whenever the page has read from the stream by itself. Switching off and on alone could be missed: when
   * both happen before the next render, there is no change to see.
   */
  generation: number;
  /** What the page has read so far; undefined while the chat has no session. */
  session: () => { publicAccessToken: string; lastEventId?: string | undefined } | undefined;
  accessToken: () => Promise<string>;
  /** The chat's session was closed, for good as far as this page goes. */
  onClosed: () => void;
  /**
   * Something was written behind `lastEventId`: an answer began, or a turn ended. Whoever takes it up returns true, and
   * hears of the next when the watch is switched off and on again.
   */
  onNews: (event: News) => boolean;
};

export type News = Extract<ChatTransportEvent, { type: "first-chunk" | "turn-completed" }>;

/** A watch that broke off is tried again, unless there is nothing to watch. */
const AGAIN_MS = 5_000;

/**
 * A doorbell: a reader at the tail of the chat's stream, while the page is looked at. It learns that something was
 * written, by another tab, another device, or a run that went on by itself; what it was is read by whoever is rung.
 */
export function useWatch({ chatId, task, baseURL, isOn, generation, ...options }: WatchOptions): void {
  const isVisible = useSyncExternalStore(
    subscribeToVisibility,
    () => document.visibilityState === "visible",
    () => false,
  );
  const isWatching = isOn && isVisible;
  const [attempt, setAttempt] = useState(0);
  const session = useEffectEvent(options.session);
  const accessToken = useEffectEvent(options.accessToken);
  const onNews = useEffectEvent(options.onNews);
  const onClosed = useEffectEvent(options.onClosed);
  useEffect(() => {
    const known = isWatching ? session() : undefined;
    if (!known) return;
    let isTakenUp = false;
    let transport: TriggerChatTransport | undefined;
    let isOver = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    const onEvent = (event: ChatTransportEvent) => {
      if (isOver) return;
      if (event.type === "session-closed") onClosed();
      if (isTakenUp) return;
      if (event.type === "first-chunk" || event.type === "turn-completed") isTakenUp = onNews(event);
      if (event.type === "stream-error" && event.status !== 404)
        again = setTimeout(() => setAttempt((count) => count + 1), AGAIN_MS);
    };
    const watch = async () => {
      const { TriggerChatTransport } = await loadTransport();
      if (isOver) return;
      transport = new TriggerChatTransport({
        task,
        baseURL,
        watch: true,
        // An idle page has nothing to reconnect to that its reader would miss, and says nothing about its line.
        fetch: patientFetch(() => {}),
        accessToken: () => accessToken(),
        sessions: { [chatId]: known },
        onEvent,
      });
      await transport.reconnectToStream({ chatId });
    };
    void watch().catch(() => {});
    return () => {
      isOver = true;
      clearTimeout(again);
      transport?.dispose();
    };
  }, [attempt, baseURL, chatId, generation, isWatching, task]);
}

function subscribeToVisibility(onChange: () => void): () => void {
  document.addEventListener("visibilitychange", onChange);
  return () => document.removeEventListener("visibilitychange", onChange);
}
