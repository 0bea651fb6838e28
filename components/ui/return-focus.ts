/**
 * Where the focus goes when a dialog closes that has no trigger in the page: a shortcut opened it, a menu that is closed
 * by now, or another dialog. Without this the focus would go to the top of the page.
 */

/** Recently focused elements, the newest last. The first is the one focused when this module loaded. */
const recentlyFocused: HTMLElement[] = [];
const REMEMBERED = 8;

if (typeof document !== "undefined") {
  remember(document.activeElement);
  document.addEventListener("focusin", (event) => remember(event.target), { capture: true });
}

/** Call it while the dialog opens. The returned function gives the focus back; false when no element can take it. */
export function holdFocus(): () => boolean {
  const before = [...recentlyFocused];
  return () => {
    const target = before.findLast((element) => element.isConnected && element.checkVisibility());
    target?.focus({ preventScroll: true });
    return target !== undefined && document.activeElement === target;
  };
}

function remember(target: EventTarget | null) {
  if (!(target instanceof HTMLElement) || target === document.body) return;
  recentlyFocused.push(target);
  if (recentlyFocused.length > REMEMBERED) recentlyFocused.shift();
}
