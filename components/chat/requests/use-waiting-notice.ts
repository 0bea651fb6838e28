"use client";

import { useEffect, useRef, useSyncExternalStore } from "react";
import { requestKey, type HumanRequestView } from "./request";

const KEY = "holdfast:notify";
const CHANGED = "holdfast:notify-changed";

export type WaitingNotice = {
  /** `unsupported`: this browser has none, or the address is not a safe one. `blocked`: only its settings can change that. */
  state: "unsupported" | "blocked" | "off" | "on";
  /** Call it from a click: the browser asks the person then. */
  turnOn: () => Promise<void>;
  turnOff: () => void;
};

/** Whether this browser tells of a new request while nobody looks at the page. Off until somebody asks for it. */
export function useWaitingNotice(): WaitingNotice {
  const state = useSyncExternalStore(subscribe, read, () => "off" as const);
  return {
    state,
    async turnOn() {
      if ((await Notification.requestPermission()) === "granted") remember("on");
      else window.dispatchEvent(new Event(CHANGED));
    },
    turnOff: () => remember(null),
  };
}

/** Tells of each request once, from whatever chat, when it is new and the page is not looked at. */
export function useTellOfRequests(
  waiting: HumanRequestView[],
  onOpen: (request: HumanRequestView) => void,
): void {
  const known = useRef<Set<string>>(undefined);
  useEffect(() => {
    const fresh = known.current ? waiting.filter((request) => !known.current?.has(keyOf(request))) : [];
    known.current = new Set(waiting.map(keyOf));
    if (document.visibilityState === "visible" || read() !== "on") return;
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

function read(): WaitingNotice["state"] {
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
    // A browser that keeps nothing is asked again next time.
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
