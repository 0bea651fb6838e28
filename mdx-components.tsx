import type { MDXComponents } from "mdx/types";

/** Next asks for this file. What the documentation's Markdown becomes is in `app/docs/mdx.tsx`. */
export function useMDXComponents(): MDXComponents {
  return {};
}
