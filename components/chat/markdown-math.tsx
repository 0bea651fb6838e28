"use client";

import rehypeKatex from "rehype-katex";
import remarkMath from "remark-math";
import MarkdownView, { type MarkdownViewProps } from "./markdown-view";

/**
 * As MathML, which every current browser draws and a screen reader reads: no fonts and no stylesheet to load. The
 * formula comes from a model, so it may neither link nor load (`trust`), nor grow beyond its place.
 */
const math: NonNullable<MarkdownViewProps["math"]> = {
  remark: [remarkMath, { singleDollarTextMath: false }],
  rehype: [
    rehypeKatex,
    { output: "mathml", trust: false, strict: false, maxSize: 20, maxExpand: 200, errorColor: "inherit" },
  ],
};

export default function MarkdownMath({ text, ...props }: MarkdownViewProps) {
  return <MarkdownView {...props} text={withDollars(text)} math={math} />;
}

/** Models write `\(…\)` and `\[…\]` as often as dollars, and markdown takes those for escaped brackets. Code is left alone. */
export function withDollars(text: string) {
  return text
    .split(/(^ {0,3}(?:`{3,}|~{3,})[\s\S]*?(?:^ {0,3}(?:`{3,}|~{3,})[ \t]*$|$(?![\s\S]))|`[^`\n]*`)/m)
    .map((piece, index) =>
      index % 2 === 1
        ? piece
        : piece
            .replace(/\\\[([^[\]]{1,2000}?)\\\]/g, (_, formula: string) => `\n$$\n${formula.trim()}\n$$\n`)
            .replace(/\\\(([^\n]{1,500}?)\\\)/g, (_, formula: string) => `$$${formula}$$`),
    )
    .join("");
}
