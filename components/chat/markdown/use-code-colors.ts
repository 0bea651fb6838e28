import { type RefObject, useEffect } from "react";
import { untilLoaded } from "../shared/until-loaded";

/** Longer code stays plain, because highlighting it would take too long. */
const LONGEST = 30_000;

/**
 * Colors the code when it nears the screen. The browser paints ranges of the existing text, so the code stays one text
 * node: nothing to hydrate, search and selection work, and no element per token. Browsers without this feature show
 * plain code.
 */
export function useCodeColors(
  element: RefObject<HTMLElement | null>,
  { code, language, isStreaming }: { code: string; language?: string | undefined; isStreaming: boolean },
) {
  useEffect(() => {
    const target = element.current;
    const text = target?.firstChild;
    // An unfinished block would change its colors with every token, so the colors wait until it is closed.
    if (isStreaming || !language || code.length > LONGEST || !(text instanceof Text) || !CSS.highlights)
      return;

    let isGone = false;
    let erase = () => {};
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        untilLoaded(() => import("./code-colors"))
          .then(({ colorCode }) => colorCode(code, language))
          .then((ranges) => {
            if (!isGone) erase = paint(text, ranges);
          })
          // If highlighting fails, the code stays plain.
          .catch(() => {});
      },
      { rootMargin: "200px" },
    );
    observer.observe(target!);
    return () => {
      isGone = true;
      observer.disconnect();
      erase();
    };
  }, [element, code, language, isStreaming]);
}

function paint(text: Text, ranges: { from: number; to: number; color: string }[]) {
  const painted = ranges
    .filter(({ to }) => to <= text.length)
    .map(({ from, to, color }) => {
      const highlight = CSS.highlights.get(`code-${color}`) ?? new Highlight();
      const range = new StaticRange({
        startContainer: text,
        startOffset: from,
        endContainer: text,
        endOffset: to,
      });
      CSS.highlights.set(`code-${color}`, highlight.add(range));
      return [highlight, range] as const;
    });
  return () => painted.forEach(([highlight, range]) => highlight.delete(range));
}
