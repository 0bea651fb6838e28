"use client";

import { lazy, Suspense, use } from "react";
import { cn } from "@/lib/utils";
import { calmText } from "./calm-text";
import { MarkdownOptions } from "./markdown-options";

// The renderer and its parser are 150 KB of JavaScript that a page without an answer never needs.
const MarkdownView = lazy(() => import("./markdown-view"));
const MarkdownMath = lazy(() => import("./markdown-math"));

/** Beyond this a parser would hold the page for seconds; the words are shown as they are instead. */
const MARKDOWN_LIMIT = 200_000;

export type MarkdownProps = React.ComponentProps<"div"> & {
  text: string;
  /** While true, unfinished markdown is closed for display, so half a table or link never flickers. */
  isStreaming?: boolean;
};

/** Markdown from a model. Until its renderer has loaded (and when the text is huge) the same text stands as plain words. */
export function Markdown({ text, isStreaming = false, className, ...props }: MarkdownProps) {
  const { math } = use(MarkdownOptions);
  const View = math ? MarkdownMath : MarkdownView;
  const plain = (
    <div
      data-slot="markdown-plain"
      className={cn("wrap-anywhere whitespace-pre-wrap", text.length > MARKDOWN_LIMIT && "fast-shaping")}
      dir="auto"
    >
      {calmText(text)}
    </div>
  );
  return (
    <div data-slot="markdown" className={cn("min-w-0", className)} {...props}>
      {text.length > MARKDOWN_LIMIT ? (
        plain
      ) : (
        <Suspense fallback={plain}>
          <View text={text} isStreaming={isStreaming} />
        </Suspense>
      )}
    </div>
  );
}
