/** Syntax highlighting as colored ranges of the code's text. Loaded when the first code block is seen. */
import hljs from "highlight.js/lib/core";
import type { LanguageFn } from "highlight.js";
import { untilLoaded } from "../shared/until-loaded";

export type ColoredRange = { from: number; to: number; color: string };

/** One small file per language, fetched when the first block in that language is seen. */
const languages: Record<string, () => Promise<{ default: LanguageFn }>> = {
  bash: () => import("highlight.js/lib/languages/bash"),
  c: () => import("highlight.js/lib/languages/c"),
  cpp: () => import("highlight.js/lib/languages/cpp"),
  csharp: () => import("highlight.js/lib/languages/csharp"),
  css: () => import("highlight.js/lib/languages/css"),
  diff: () => import("highlight.js/lib/languages/diff"),
  dockerfile: () => import("highlight.js/lib/languages/dockerfile"),
  go: () => import("highlight.js/lib/languages/go"),
  graphql: () => import("highlight.js/lib/languages/graphql"),
  ini: () => import("highlight.js/lib/languages/ini"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  kotlin: () => import("highlight.js/lib/languages/kotlin"),
  markdown: () => import("highlight.js/lib/languages/markdown"),
  php: () => import("highlight.js/lib/languages/php"),
  python: () => import("highlight.js/lib/languages/python"),
  ruby: () => import("highlight.js/lib/languages/ruby"),
  rust: () => import("highlight.js/lib/languages/rust"),
  sql: () => import("highlight.js/lib/languages/sql"),
  swift: () => import("highlight.js/lib/languages/swift"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  xml: () => import("highlight.js/lib/languages/xml"),
  yaml: () => import("highlight.js/lib/languages/yaml"),
};

const aliases: Record<string, string> = {
  "c++": "cpp",
  "c#": "csharp",
  cs: "csharp",
  docker: "dockerfile",
  html: "xml",
  js: "javascript",
  jsonc: "json",
  jsx: "javascript",
  kt: "kotlin",
  md: "markdown",
  patch: "diff",
  py: "python",
  rb: "ruby",
  rs: "rust",
  sh: "bash",
  shell: "bash",
  svg: "xml",
  toml: "ini",
  ts: "typescript",
  tsx: "typescript",
  yml: "yaml",
  zsh: "bash",
};

/** Maps the highlighter's many classes to a few colors. */
const colors: Record<string, string> = {
  addition: "string",
  attr: "name",
  attribute: "name",
  built_in: "name",
  comment: "comment",
  deletion: "keyword",
  doctag: "comment",
  keyword: "keyword",
  literal: "number",
  meta: "comment",
  name: "keyword",
  number: "number",
  property: "name",
  quote: "comment",
  regexp: "string",
  section: "title",
  "selector-class": "title",
  "selector-id": "title",
  "selector-tag": "keyword",
  string: "string",
  symbol: "number",
  tag: "name",
  title: "title",
  type: "title",
};

export const colorNames = [...new Set(Object.values(colors))];

/** The colored ranges of the code; empty for an unknown language. */
export async function colorCode(code: string, language: string): Promise<ColoredRange[]> {
  const asked = language.toLowerCase();
  const name = Object.hasOwn(aliases, asked) ? aliases[asked]! : asked;
  if (!Object.hasOwn(languages, name)) return [];
  if (!hljs.getLanguage(name)) hljs.registerLanguage(name, (await untilLoaded(languages[name]!)).default);
  return toRanges(hljs.highlight(code, { language: name, ignoreIllegals: true }).value);
}

const ENTITIES: Record<string, string> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#x27;": "'",
};

/** The highlighter writes HTML. Only the positions of its spans are used; the HTML is dropped. */
function toRanges(html: string): ColoredRange[] {
  const ranges: ColoredRange[] = [];
  const open: { color: string | undefined; from: number }[] = [];
  let at = 0;
  for (const [token, scope] of html.matchAll(
    /<span class="hljs-([\w-]+)[^>]*>|<\/span>|<span[^>]*>|&#?\w+;|[^<&]+/g,
  )) {
    if (token.startsWith("<span")) {
      open.push({ color: scope && Object.hasOwn(colors, scope) ? colors[scope] : undefined, from: at });
    } else if (token === "</span>") {
      const closed = open.pop();
      if (closed?.color && at > closed.from) ranges.push({ from: closed.from, to: at, color: closed.color });
    } else {
      at += Object.hasOwn(ENTITIES, token) ? 1 : token.length;
    }
  }
  return ranges;
}
