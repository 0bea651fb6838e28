/**
 * Where the focus goes when a dialog closes that no trigger of its own opened: a shortcut did, a menu that is gone by
 * now, or another dialog. Without this it would fall to the top of the page.
 */

/** What had the focus lately, the newest last. What was focused before this module came is its first entry. */
const lately: HTMLElement[] = [];
const REMEMBERED = 8;

if (typeof document !== "undefined") {
  remember(document.activeElement);
  document.addEventListener("focusin", (event) => remember(event.target), { capture: true });
}

/** Call it while the dialog opens; the answer gives the focus back. False when there is nothing to give it to. */
export function holdFocus(): () => boolean {
  const before = [...lately];
  return () => {
    const target = before.findLast((element) => element.isConnected && element.checkVisibility());
    target?.focus({ preventScroll: true });
    return target !== undefined && document.activeElement === target;
  };
}

function remember(target: EventTarget | null) {
  if (!(target instanceof HTMLElement) || target === document.body) return;
  lately.push(target);
  if (lately.length > REMEMBERED) lately.shift();
}
