import { type FocusEventHandler, type RefObject, useLayoutEffect, useRef } from "react";

/**
 * What has the focus may leave the page: with its message, after a regenerate or an undo, or because it has done its
 * work. The region takes the focus then, or what `heir` selects in it, so that the keyboard goes on from here and not
 * from the top of the page.
 */
export function useFocusRestore(
  region: RefObject<HTMLElement | null>,
  heir?: string,
): {
  onFocus: FocusEventHandler;
  onBlur: FocusEventHandler;
} {
  // React reports no blur for what it removes itself: that is how a loss differs from a reader who went elsewhere.
  const isInside = useRef(false);
  useLayoutEffect(() => {
    const { activeElement } = document;
    // What was focused before the page came alive told nobody.
    if (activeElement !== document.body) isInside.current = region.current?.contains(activeElement) ?? false;
    else if (isInside.current) {
      const target = heir ? region.current?.querySelector<HTMLElement>(heir) : region.current;
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
