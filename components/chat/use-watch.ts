"use client";

import type { ChatTransportEvent, TriggerChatTransport } from "@trigger.dev/sdk/chat";
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { loadTransport } from "./later-transport";
import { patientFetch } from "./patient-fetch";

export type WatchOptions = {
  chatId: string;
  task: string;
  baseURL: string;
  /** There is nothing else that this page reads from the chat's stream. */
  isOn: boolean;
  /** What the page has read so far; undefined while the chat has no session. */
  session: () => { publicAccessToken: string; lastEventId?: string | undefined } | undefined;
  accessToken: () => Promise<string>;
  /** Something was written behind `lastEventId`. Called once; switch off and on again to hear of the next. */
  onNews: () => void;
};

/**
 * A doorbell: a reader at the tail of the chat's stream, while the page is looked at. It learns that something was
 * written, by another tab, another device, or a run that went on by itself; what it was is read by whoever is rung.
 */
export function useWatch({ chatId, task, baseURL, isOn, ...options }: WatchOptions): void {
  const isVisible = useSyncExternalStore(
    subscribeToVisibility,
    () => document.visibilityState === "visible",
    () => false,
  );
  const isWatching = isOn && isVisible;
  const session = useEffectEvent(options.session);
  const accessToken = useEffectEvent(options.accessToken);
  const onNews = useEffectEvent(options.onNews);
  useEffect(() => {
    const known = isWatching ? session() : undefined;
    if (!known) return;
    let hasRung = false;
    const onEvent = ({ type }: ChatTransportEvent) => {
      if (hasRung || (type !== "first-chunk" && type !== "turn-completed")) return;
      hasRung = true;
      onNews();
    };
    let transport: TriggerChatTransport | undefined;
    let isOver = false;
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
    // A stream that fails stays silent; the page reads the chat again when it is looked at anew.
    void watch().catch(() => {});
    return () => {
      isOver = true;
      transport?.dispose();
    };
  }, [baseURL, chatId, isWatching, task]);
}

function subscribeToVisibility(onChange: () => void): () => void {
  document.addEventListener("visibilitychange", onChange);
  return () => document.removeEventListener("visibilitychange", onChange);
}
