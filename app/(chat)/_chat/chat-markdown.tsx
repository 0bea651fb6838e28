"use client";

import type { ReactNode } from "react";
import { MarkdownOptions, type MarkdownOptionsValue } from "@/components/chat/markdown/options";

const options: MarkdownOptionsValue = { math: true };

/** The optional Markdown features of this app's conversations. */
export function ChatMarkdown({ children }: { children: ReactNode }) {
  return <MarkdownOptions value={options}>{children}</MarkdownOptions>;
}
