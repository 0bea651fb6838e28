"use client";

import { lazy, Suspense, use, useMemo } from "react";
import { cn } from "@/lib/utils";
import { stripBidi } from "../shared/strip-bidi";
import { withFormulas } from "./formulas";
import { MarkdownOptions } from "./options";
import { untilLoaded } from "../shared/until-loaded";

// The renderer and its parser are 150 KB of JavaScript, which a page without an answer doesn't need.
const MarkdownView = lazy(() => untilLoaded(() => import("./markdown-view")));
const MarkdownMath = lazy(() => untilLoaded(() => import("./math")));

/** Parsing a longer text would block the page for seconds, so it is shown as plain text. */
const MARKDOWN_LIMIT = 200_000;

export type MarkdownProps = React.ComponentProps<"div"> & {
  text: string;
  /** While true, unfinished Markdown is closed for display, so that partial tables and links don't flicker. */
  isStreaming?: boolean;
  /** The prefix of ids in this text (of footnotes), such as the message's id; unique on the page. */
  idPrefix?: string;
};

/** Renders Markdown from a model. Until the renderer has loaded, and for huge texts, shows plain text. */
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
