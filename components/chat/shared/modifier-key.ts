import { useSyncExternalStore } from "react";

/** What the modifier of a shortcut is called here. The server says "Ctrl". */
export function useModifierName(): string {
  return useSyncExternalStore(
    never,
    () => (isApple() ? "⌘" : "Ctrl"),
    () => "Ctrl",
  );
}

/** Whether that modifier is down, and no other: on a Mac, Ctrl and a letter edit text. */
export function isWithModifier(event: KeyboardEvent): boolean {
  if (event.altKey || event.shiftKey) return false;
  return isApple() ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
}

const never = () => () => {};
const isApple = () => /mac|iphone|ipad/i.test(navigator.userAgent);
