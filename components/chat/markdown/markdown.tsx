"use client";

import { lazy, Suspense, use, useMemo } from "react";
import { cn } from "@/lib/utils";
import { stripBidi } from "../shared/strip-bidi";
import { withFormulas } from "./formulas";
import { MarkdownOptions } from "./options";
import { untilLoaded } from "../shared/until-loaded";

// The renderer and its parser are 150 KB of JavaScript that a page without an answer never needs.
const MarkdownView = lazy(() => untilLoaded(() => import("./markdown-view")));
const MarkdownMath = lazy(() => untilLoaded(() => import("./math")));

/** Beyond this a parser would hold the page for seconds; the words are shown as they are instead. */
const MARKDOWN_LIMIT = 200_000;

export type MarkdownProps = React.ComponentProps<"div"> & {
  text: string;
  /** While true, unfinished markdown is closed for display, so half a table or link never flickers. */
  isStreaming?: boolean;
  /** What the ids in this text (of footnotes) begin with, such as the message's id; unique on the page. */
  idPrefix?: string;
};

/** Markdown from a model. Until its renderer has loaded (and when the text is huge) the same text stands as plain words. */
export function Markdown({ text, isStreaming = false, idPrefix, className, ...props }: MarkdownProps) {
  const { math } = use(MarkdownOptions);
  const isHuge = text.length > MARKDOWN_LIMIT;
  const hasFormula = useMemo(
    () => math === true && !isHuge && withFormulas(text) !== undefined,
    [isHuge, math, text],
  );
  const plain = (
    <div
      data-slot="markdown-plain"
      className={cn("wrap-anywhere whitespace-pre-wrap", isHuge && "fast-shaping")}
      dir="auto"
    >
      {stripBidi(text)}
    </div>
  );
  const view = <MarkdownView text={text} isStreaming={isStreaming} idPrefix={idPrefix} />;
  return (
    <div data-slot="markdown" className={cn("min-w-0", className)} {...props}>
      {isHuge ? (
        plain
      ) : (
        <Suspense fallback={plain}>
          {hasFormula ? (
            <Suspense fallback={view}>
              <MarkdownMath {...view.props} />
            </Suspense>
          ) : (
            view
          )}
        </Suspense>
      )}
    </div>
  );
}
