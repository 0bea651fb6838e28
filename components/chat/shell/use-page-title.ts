"use client";

import { useEffect } from "react";
import { withoutBadge } from "../requests/use-waiting-badge";

/**
 * Keeps the tab's title at `title`, whatever else sets it; a badge before it may stay. Undefined leaves the title alone.
 * The page's metadata know only what the title was when the server drew the page.
 */
export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    if (title === undefined) return undefined;
    // The browser gives a title back with its spaces collapsed, so that any other one would never be found said.
    const wanted = title.replaceAll(/[\t\n\f\r ]+/g, " ").trim();
    const isSaid = () => withoutBadge(document.title) === withoutBadge(wanted);
    let replaced: string | undefined;
    const say = () => {
      if (isSaid()) return;
      replaced = withoutBadge(document.title);
      document.title = wanted;
    };
    say();
    const observer = new MutationObserver(say);
    observer.observe(document.head, { childList: true, subtree: true, characterData: true });
    return () => {
      observer.disconnect();
      // What comes next may have the title that this one stood in for, and then nobody would set it again.
      if (replaced !== undefined && isSaid()) document.title = replaced;
    };
  }, [title]);
}
