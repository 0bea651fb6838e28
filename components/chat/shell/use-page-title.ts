"use client";

import { useEffect } from "react";
import { withoutBadge } from "../requests/use-waiting-badge";

/**
 * Keeps the tab's title at `title`, even when something else sets it; a badge before it may stay. Undefined leaves the
 * title unchanged. The page's metadata only has the title from when the server rendered the page.
 */
export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    if (title === undefined) return undefined;
    // Browsers return a title with its spaces collapsed, so an uncollapsed title would never compare equal.
    const wanted = title.replaceAll(/[\t\n\f\r ]+/g, " ").trim();
    const isApplied = () => withoutBadge(document.title) === withoutBadge(wanted);
    let replaced: string | undefined;
    const applyTitle = () => {
      if (isApplied()) return;
      replaced = withoutBadge(document.title);
      document.title = wanted;
    };
    applyTitle();
    const observer = new MutationObserver(applyTitle);
    observer.observe(document.head, { childList: true, subtree: true, characterData: true });
    return () => {
      observer.disconnect();
      // Restores the title that was replaced: if the next page has the same one, nothing would set it again.
      if (replaced !== undefined && isApplied()) document.title = replaced;
    };
  }, [title]);
}
