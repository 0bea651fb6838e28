import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** The reader's position: a message, and the distance of its top from the top of the box. */
export type ScrollAnchor = { id: string; top: number };

/** How close to the end counts as "at the end". */
const NEAR = 32;
/** How far ahead of the reader messages are added, so that scrolling meets no edge. */
const AHEAD = 600;

export const useIsomorphicLayoutEffect = typeof window === "undefined" ? useEffect : useLayoutEffect;

export type ScrollAnchorOptions = {
  /** Changes when the messages in the page change. */
  shown: unknown;
  /** The newest message is in the page, so the end of the box is the end of the conversation. */
  reachesEnd: boolean;
  /** The storage key of the reader's position, in the tab's session storage. */
  placeKey?: string;
  onNearTop: () => void;
  onNearEnd: () => void;
};

/**
 * Keeps the box at its end while content grows, until the reader scrolls away. From then on it keeps the message being
 * read in place when messages above it are added, removed or resized.
 *
 * The browser's own scroll anchoring is off: Safari has none, and two mechanisms would compete.
 */
export function useScrollAnchor({ shown, reachesEnd, placeKey, onNearTop, onNearEnd }: ScrollAnchorOptions) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const isStuck = useRef(true);
  const place = useRef<(ScrollAnchor & { scrollTop: number }) | null>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const latest = useRef({ reachesEnd, onNearTop, onNearEnd });
  useIsomorphicLayoutEffect(() => {
    latest.current = { reachesEnd, onNearTop, onNearEnd };
  });

  /** Restores the reader's position if something moved it. With `isScroll` the reader may have moved it. */
  const adjust = useCallback((isScroll: boolean) => {
    const element = scroller.current;
    if (!element || !content.current || isEmpty(content)) return;
    if (isStuck.current && latest.current.reachesEnd) {
      if (!isScroll) element.scrollTop = element.scrollHeight;
    } else if (place.current) {
      const { id, top, scrollTop } = place.current;
      const row = findRow(content, id);
      // Keeps the distance that the reader scrolled since then.
      if (row) element.scrollTop += topIn(element, row) - (top - (element.scrollTop - scrollTop));
      else isStuck.current = latest.current.reachesEnd && fromEnd(element) < NEAR;
    }
    notePlace(element, content, place);
    setIsAtEnd(latest.current.reachesEnd && (isStuck.current || fromEnd(element) < NEAR));
    if (element.scrollTop < AHEAD) latest.current.onNearTop();
    if (!latest.current.reachesEnd && fromEnd(element) < AHEAD) latest.current.onNearEnd();
  }, []);

  const restorePlace = useCallback(() => adjust(false), [adjust]);

  const scrollToEnd = useCallback(() => {
    isStuck.current = true;
    restorePlace();
  }, [restorePlace]);

  /** Moves to a message, which may be added to the page only in the next render. */
  const goTo = useCallback(
    ({ id, top }: ScrollAnchor) => {
      isStuck.current = false;
      place.current = { id, top, scrollTop: scroller.current?.scrollTop ?? 0 };
      if (findRow(content, id)) restorePlace();
    },
    [restorePlace],
  );

  useIsomorphicLayoutEffect(() => {
    const element = scroller.current;
    const inner = content.current;
    if (!element || !inner) return;

    if (isEmpty(content)) {
      // Content shown instead of messages is read from its top.
      element.dataset.ready = "";
    } else {
      // From reversed (scrollTop counts up to 0) to normal, at the same position.
      const distance = -element.scrollTop;
      element.dataset.ready = "";
      element.scrollTop = element.scrollHeight - element.clientHeight - distance;
      isStuck.current = distance < NEAR;
      notePlace(element, content, place);
    }
    setIsAtEnd(isStuck.current);

    let lastTop = element.scrollTop;
    const onScroll = () => {
      const movedUp = element.scrollTop < lastTop;
      if (movedUp && fromEnd(element) > 4) isStuck.current = false;
      else if (fromEnd(element) < NEAR) isStuck.current = latest.current.reachesEnd;
      adjust(true);
      lastTop = element.scrollTop;
    };
    const onResize = () => {
      restorePlace();
      lastTop = element.scrollTop;
    };
    const observer = new ResizeObserver(onResize);
    observer.observe(inner);
    observer.observe(element);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", onScroll);
      delete element.dataset.ready;
    };
  }, [adjust, restorePlace]);

  useIsomorphicLayoutEffect(restorePlace, [shown, restorePlace]);

  useEffect(() => {
    if (!placeKey) return;
    const save = () => writePlace(placeKey, isStuck.current ? null : place.current);
    window.addEventListener("pagehide", save);
    return () => {
      save();
      window.removeEventListener("pagehide", save);
    };
  }, [placeKey]);

  return { scroller, content, isAtEnd, scrollToEnd, goTo };
}

function isEmpty(content: RefObject<HTMLDivElement | null>) {
  return content.current?.dataset.empty !== undefined;
}

function fromEnd(element: HTMLElement) {
  return element.scrollHeight - element.clientHeight - element.scrollTop;
}

function topIn(element: HTMLElement, row: Element) {
  return row.getBoundingClientRect().top - element.getBoundingClientRect().top;
}

function rows(content: RefObject<HTMLDivElement | null>) {
  return [...(content.current?.children ?? [])].filter(
    (child): child is HTMLElement => child instanceof HTMLElement && child.dataset.messageId !== undefined,
  );
}

function findRow(content: RefObject<HTMLDivElement | null>, id: string) {
  return rows(content).find((row) => row.dataset.messageId === id);
}

/** The first message that is at least partly visible. */
function notePlace(
  element: HTMLElement,
  content: RefObject<HTMLDivElement | null>,
  place: RefObject<(ScrollAnchor & { scrollTop: number }) | null>,
) {
  const edge = element.getBoundingClientRect().top;
  const row = rows(content).find((each) => each.getBoundingClientRect().bottom > edge);
  const id = row?.dataset.messageId;
  place.current = row && id ? { id, top: topIn(element, row), scrollTop: element.scrollTop } : null;
}

/** The stored position of this tab. If storage is blocked or its value invalid, only the position is lost. */
export function readAnchor(placeKey: string): ScrollAnchor | null {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(`place:${placeKey}`) ?? "null");
    if (typeof value !== "object" || value === null || !("id" in value) || !("top" in value)) return null;
    const { id, top } = value;
    return typeof id === "string" && typeof top === "number" && Number.isFinite(top) ? { id, top } : null;
  } catch {
    return null;
  }
}

function writePlace(placeKey: string, place: ScrollAnchor | null) {
  try {
    if (place) sessionStorage.setItem(`place:${placeKey}`, JSON.stringify({ id: place.id, top: place.top }));
    else sessionStorage.removeItem(`place:${placeKey}`);
  } catch {
    // Without storage the position isn't kept.
  }
}
