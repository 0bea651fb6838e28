import { type FocusEventHandler, type RefObject, useLayoutEffect, useRef } from "react";

/**
 * Keeps the keyboard focus in a region. When the focused element is removed, for example after a regenerate or an undo,
 * the region or what `fallback` selects in it gets the focus, so that it doesn't return to the top of the page.
 */
export function useFocusRestore(
  region: RefObject<HTMLElement | null>,
  fallback?: string,
): {
  onFocus: FocusEventHandler;
  onBlur: FocusEventHandler;
} {
  // React fires no blur for elements that it removes, which tells a removal from a reader who moved the focus.
  const isInside = useRef(false);
  useLayoutEffect(() => {
    const { activeElement } = document;
    // Focus from before hydration fired no React event.
    if (activeElement !== document.body) isInside.current = region.current?.contains(activeElement) ?? false;
    else if (isInside.current) {
      const target = fallback ? region.current?.querySelector<HTMLElement>(fallback) : region.current;
      target?.focus({ preventScroll: true });
    }
  });
  return {
    onFocus: () => {
      isInside.current = true;
    },
    onBlur: () => {
      isInside.current = false;
    },
  };
}
