"use client";

import { useEffect, useRef, useSyncExternalStore } from "react";
import { requestKey, type HumanRequestView } from "./request";

const KEY = "holdfast:notify";
const CHANGED = "holdfast:notify-changed";

export type WaitingNotice = {
  /**
   * `unsupported`: the browser has no notifications, or the origin isn't secure. `blocked`: only the browser's settings
   * can change it.
   */
  state: "unsupported" | "blocked" | "off" | "on";
  /** Call it from a click: the browser then asks for permission. */
  turnOn: () => Promise<void>;
  turnOff: () => void;
};

/** Whether this browser shows notifications of new requests while the page is hidden. Off by default. */
export function useWaitingNotice(): WaitingNotice {
  const state = useSyncExternalStore(subscribe, readState, () => "off" as const);
  return {
    state,
    async turnOn() {
      if ((await Notification.requestPermission()) === "granted") remember("on");
      else window.dispatchEvent(new Event(CHANGED));
    },
    turnOff: () => remember(null),
  };
}

/** Notifies once of each new request, from any chat, while the page is hidden. */
export function useTellOfRequests(
  waiting: HumanRequestView[],
  onOpen: (request: HumanRequestView) => void,
): void {
  const notified = useRef<Set<string>>(undefined);
  useEffect(() => {
    const fresh = notified.current ? waiting.filter((request) => !notified.current?.has(keyOf(request))) : [];
    notified.current = new Set(waiting.map(keyOf));
    if (document.visibilityState === "visible" || readState() !== "on") return;
    for (const request of fresh) {
      const notice = new Notification("Needs your answer", { body: request.title, tag: keyOf(request) });
      notice.addEventListener("click", () => {
        window.focus();
        onOpen(request);
        notice.close();
      });
    }
  }, [onOpen, waiting]);
}

function keyOf(request: HumanRequestView): string {
  return `${request.chatId} ${requestKey(request)}`;
}

function readState(): WaitingNotice["state"] {
  if (!("Notification" in window) || !window.isSecureContext) return "unsupported";
  if (Notification.permission === "denied") return "blocked";
  try {
    return Notification.permission === "granted" && localStorage.getItem(KEY) === "on" ? "on" : "off";
  } catch {
    return "off";
  }
}

function remember(value: "on" | null) {
  try {
    if (value) localStorage.setItem(KEY, value);
    else localStorage.removeItem(KEY);
  } catch {
    // Storage is blocked, so the choice is not kept.
  }
  window.dispatchEvent(new Event(CHANGED));
}

function subscribe(onChange: () => void) {
  window.addEventListener(CHANGED, onChange);
  window.addEventListener("storage", onChange);
  return () => {
    window.removeEventListener(CHANGED, onChange);
    window.removeEventListener("storage", onChange);
  };
}
