/**
 * Handles text that models write and CommonMark parses differently than meant. Each plugin works on the parsed tree,
 * where code and escapes are known, and creates only the few elements named here.
 */
import type { Html, Link, Nodes, Parents, PhrasingContent, Root, RootContent, Text } from "mdast";
import remarkCjkFriendly from "remark-cjk-friendly";
import remarkGfm from "remark-gfm";
import type { StreamdownProps } from "streamdown";

type File = { value: unknown };

/** Replaces Streamdown's defaults: only `~~two~~` tildes delete, so `from ~200 to ~300` is no deletion. */
export const remarkPlugins: NonNullable<StreamdownProps["remarkPlugins"]> = [
  remarkCjkFriendly,
  [remarkGfm, { singleTilde: false }],
  boldBesidePunctuation,
  plainTags,
  addressEnds,
];

/** Calls `change` for every node with children, the innermost first. */
export function eachParent(node: Nodes, change: (parent: Parents) => void): void {
  if (!("children" in node)) return;
  for (const child of node.children) eachParent(child, change);
  change(node);
}

function text(value: string): Text {
  return { type: "text", value };
}

/** An HTML element that Markdown has no syntax for. remark-rehype reads `hName`. */
function element(name: string, children: PhrasingContent[]): PhrasingContent {
  return { type: "emphasis", data: { hName: name }, children };
}

// ── **note:**text ──

/** The end of bold text after punctuation: no opening bracket or quotation mark. */
const BEFORE_END = /[^\s\p{Ps}\p{Pi}*]$/u;
/** The start of bold text before punctuation: no closing bracket or quotation mark. */
const AFTER_START = /^[^\s\p{Pe}\p{Pf}*]/u;

/**
 * CommonMark leaves the asterisks of `**note:**text` and `text**(note)**` unchanged, because a run between punctuation
 * and a letter neither opens nor closes. No writer means that, so remaining pairs become bold.
 */
function boldBesidePunctuation() {
  return (tree: Root, file: File) => {
    const source = String(file.value);
    eachParent(tree, (parent) => {
      if (!parent.children.some((child) => child.type === "text" && child.value.includes("**"))) return;
      parent.children = pairBold(parent.children as PhrasingContent[], source) as typeof parent.children;
    });
  };
}

/** Escaped asterisks stay as the writer wrote them. */
function isEscaped(node: Text, source: string): boolean {
  const { start, end } = node.position ?? {};
  return source.slice(start?.offset ?? 0, end?.offset ?? 0).includes("\\*");
}

function pairBold(nodes: PhrasingContent[], source: string): PhrasingContent[] {
  const done: PhrasingContent[] = [];
  /** The position in `done` of the text after a start that has no end yet. */
  let open: number | undefined;
  for (const node of nodes) {
    if (node.type !== "text" || isEscaped(node, source)) {
      done.push(node);
      continue;
    }
    const [first = "", ...rest] = node.value.split("**");
    let before = first;
    if (before) done.push(text(before));
    for (const after of rest) {
      const hasWordsBefore =
        before === "" ? done.length > 0 && done.length !== open : BEFORE_END.test(before);
      const hasWordsAfter = after === "" ? node !== nodes.at(-1) : AFTER_START.test(after);
      if (open !== undefined && hasWordsBefore && done.length > open) {
        done.push({ type: "strong", children: done.splice(open) });
        open = undefined;
      } else if (hasWordsAfter) {
        if (open !== undefined) open = unopened(done, open);
        open = done.length;
      } else {
        done.push(text("**"));
      }
      if (after) done.push(text(after));
      before = after;
    }
  }
  if (open !== undefined) unopened(done, open);
  return done.some((node) => node.type === "strong" && !nodes.includes(node)) ? done : nodes;
}

/** A start without an end stays two asterisks. */
function unopened(done: PhrasingContent[], at: number): undefined {
  done.splice(at, 0, text("**"));
  return undefined;
}

// ── <br>, H<sub>2</sub>O ──

const TAG = /<(\/?)(b|i|u|s|mark|sub|sup|kbd)>|<br\s*\/?>/gi;

/** Only these tags, without attributes, are parsed; all other HTML stays text. */
function plainTags() {
  return (tree: Root) =>
    eachParent(tree, (parent) => {
      if (!parent.children.some((child) => child.type === "html" && child.value.search(TAG) >= 0)) return;
      const children: RootContent[] = FLOW.has(parent.type)
        ? parent.children.map((child) => (child.type === "html" ? paragraphOf(child) : child))
        : pairTags(parent.children as PhrasingContent[]);
      parent.children = children as typeof parent.children;
    });
}

const FLOW = new Set(["root", "blockquote", "listItem", "footnoteDefinition"]);

/** Markdown parses a line of HTML as a block. If it has only these tags and words, it becomes a paragraph. */
function paragraphOf(node: Html): RootContent {
  return node.value.search(TAG) < 0 ? node : { type: "paragraph", children: pairTags([node]) };
}

function pairTags(nodes: PhrasingContent[]): PhrasingContent[] {
  const done: PhrasingContent[] = [];
  const open: { name: string; tag: string; at: number }[] = [];
  const close = (name: string, tag: string) => {
    const start = open.findLastIndex((candidate) => candidate.name === name);
    if (start < 0) return done.push(text(tag));
    for (const { tag: lone, at } of open.splice(start + 1).toReversed()) done.splice(at, 0, text(lone));
    const { at } = open.pop()!;
    return done.push(element(name, done.splice(at)));
  };
  for (const node of nodes) {
    if (node.type !== "html") {
      done.push(node);
      continue;
    }
    let at = 0;
    for (const match of node.value.matchAll(TAG)) {
      if (match.index > at) done.push(text(node.value.slice(at, match.index)));
      at = match.index + match[0].length;
      const name = match[2]?.toLowerCase();
      if (name === undefined) done.push({ type: "break" });
      else if (match[1]) close(name, match[0]);
      else open.push({ name, tag: match[0], at: done.length });
    }
    if (at < node.value.length) done.push(text(node.value.slice(at)));
  }
  for (const { tag, at } of open.toReversed()) done.splice(at, 0, text(tag));
  return done;
}

// ── https://example.com/a（说明） ──

/** CJK punctuation and full-width forms. Addresses never contain them unencoded, but the text after an address may. */
const AFTER_ADDRESS =
  /[\u2018-\u201f\u2026\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]/;

/** Ends a bare address where the sentence continues. */
function addressEnds() {
  return (tree: Root, file: File) => {
    const source = String(file.value);
    eachParent(tree, (parent) => {
      const children = parent.children.flatMap((node): RootContent[] =>
        node.type === "link" ? endAddress(node, source) : [node],
      );
      parent.children = children as typeof parent.children;
    });
  };
}

const ADDRESS = /https?:\/\/\S+/;

function endAddress(node: Link, source: string): PhrasingContent[] {
  const [shown] = node.children;
  if (node.children.length !== 1 || shown?.type !== "text" || !node.url.endsWith(shown.value)) return [node];
  // `<https://…>` and `[words](https://…)` mark their own end.
  const { start } = node.position ?? {};
  if (start?.offset !== undefined && "<[".includes(source[start.offset] ?? "")) return [node];
  return cutAddress(shown.value, node);
}

function cutAddress(shown: string, node: Link): PhrasingContent[] {
  const at = shown.search(AFTER_ADDRESS);
  if (at <= 0) return [{ ...node, children: [text(shown)] }];
  const scheme = node.url.slice(0, node.url.length - (node.children[0] as Text).value.length);
  const address = shown.slice(0, at);
  const rest = shown.slice(at);
  const link: Link = { ...node, url: scheme + address, children: [text(address)] };
  const next = ADDRESS.exec(rest)?.[0];
  if (next === undefined) return [link, text(rest)];
  const follower: Link = { ...node, url: next, children: [text(next)] };
  return [link, text(rest.slice(0, -next.length)), ...cutAddress(next, follower)];
}
