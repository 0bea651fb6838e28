import { useSyncExternalStore } from "react";

/** The name of the shortcut modifier on this device. The server assumes "Ctrl". */
export function useModifierName(): string {
  return useSyncExternalStore(
    never,
    () => (isApple() ? "⌘" : "Ctrl"),
    () => "Ctrl",
  );
}

/** Returns true if only that modifier is pressed: on a Mac, Ctrl and a letter edit text. */
export function isWithModifier(event: KeyboardEvent): boolean {
  if (event.altKey || event.shiftKey) return false;
  return isApple() ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
}

const never = () => () => {};
const isApple = () => /mac|iphone|ipad/i.test(navigator.userAgent);
