"use client";

import type { Paragraph, Root } from "mdast";
import type { Math } from "mdast-util-math";
import rehypeKatex from "rehype-katex";
import remarkMath from "remark-math";
import { withFormulas } from "./formulas";
import { eachParent } from "./syntax";
import MarkdownView, { type MarkdownViewProps } from "./markdown-view";

/**
 * Renders a formula as MathML, which every current browser displays and screen readers read: no fonts or stylesheet to
 * load. The formula comes from a model, so it may not link or load anything (`trust`), or grow beyond its place.
 */
const math: NonNullable<MarkdownViewProps["math"]> = {
  remark: [[remarkMath, { singleDollarTextMath: false }], displayAlone],
  rehype: [
    rehypeKatex,
    { output: "mathml", trust: false, strict: false, maxSize: 20, maxExpand: 200, errorColor: "inherit" },
  ],
};

export default function MarkdownMath({ text, ...props }: MarkdownViewProps) {
  return <MarkdownView {...props} text={withFormulas(text) ?? text} math={math} />;
}

/** A formula that is its own paragraph becomes a display formula, in the form that remark-math gives to a block. */
function displayAlone() {
  return (tree: Root) =>
    eachParent(tree, (parent) => {
      const children = parent.children.map((child) =>
        child.type === "paragraph" ? (asBlock(child) ?? child) : child,
      );
      parent.children = children as typeof parent.children;
    });
}

function asBlock({ children }: Paragraph): Math | undefined {
  const [formula] = children;
  if (children.length !== 1 || formula?.type !== "inlineMath") return undefined;
  const code = {
    type: "element" as const,
    tagName: "code",
    properties: { className: ["language-math", "math-display"] },
    children: [{ type: "text" as const, value: formula.value }],
  };
  return { type: "math", value: formula.value, data: { hName: "pre", hChildren: [code] } };
}
