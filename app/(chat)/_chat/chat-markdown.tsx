"use client";

import type { ReactNode } from "react";
import { MarkdownOptions, type MarkdownOptionsValue } from "@/components/chat/markdown/options";

const options: MarkdownOptionsValue = { math: true };

/** What this app's conversations draw besides ordinary Markdown. */
export function ChatMarkdown({ children }: { children: ReactNode }) {
  return <MarkdownOptions value={options}>{children}</MarkdownOptions>;
}
