"use client";

import { createContext, Fragment, use, useId, useMemo } from "react";
import {
  type Components,
  type ExtraProps,
  type StreamdownProps,
  Streamdown,
  defaultRehypePlugins,
  useIsCodeFenceIncomplete,
} from "streamdown";
import { ScrollBox } from "@/components/ui/scroll-box";
import { isOwnPath, OWN_ORIGIN } from "../shared/own-address";
import { stripBidi } from "../shared/strip-bidi";
import { CodeBlock } from "./code-block";
import { LongTable } from "./long-table";
import { Fence, MarkdownOptions } from "./options";
import { lengthenOuterFences } from "./fences";
import { cutIntoPieces } from "./pieces";
import { remarkPlugins } from "./syntax";

type Plugin = NonNullable<StreamdownProps["rehypePlugins"]>[number];
type Node = NonNullable<ExtraProps["node"]> | NonNullable<ExtraProps["node"]>["children"][number];

/**
 * A model's text may contain an attacker's text, and an image address can send data out of the page without a click. So
 * raw HTML stays text (the plugin that would parse it is left out), `sanitize` is listed again because a custom list
 * replaces the defaults, and images may only come from this origin.
 */
const rehypePlugins: Plugin[] = [
  withOptions(plugin("sanitize"), sanitizeSchema()),
  withOptions(plugin("harden"), {
    defaultOrigin: OWN_ORIGIN,
    allowedLinkPrefixes: ["*"],
    allowedImagePrefixes: [OWN_ORIGIN],
    allowedProtocols: ["tel:"],
    allowDataImages: false,
    linkBlockPolicy: "text-only",
    blockedImageClass: "inline-block rounded-sm bg-raised px-2 text-sm text-ink-2",
  }),
  calmWords,
];

/** Code keeps every character: the code block makes them visible itself. */
function calmWords() {
  return (tree: Node) => calm(tree);
}

function calm(node: Node) {
  if (node.type === "text") node.value = stripBidi(node.value);
  else if ("children" in node && !(node.type === "element" && node.tagName === "code"))
    node.children.forEach(calm);
}

function plugin(name: "sanitize" | "harden"): Plugin {
  const found = defaultRehypePlugins[name];
  if (!found)
    throw new Error(`streamdown no longer ships its "${name}" plugin: markdown must not render without it.`);
  return found;
}

/** `u` and `mark` come from our own parsing of bare tags (syntax.ts), always without attributes. */
function sanitizeSchema() {
  const listed = plugin("sanitize");
  const schema = (Array.isArray(listed) ? listed[1] : undefined) as { tagNames?: string[] } | undefined;
  if (!schema?.tagNames) throw new Error("streamdown no longer ships a schema for its sanitizer.");
  return { ...schema, tagNames: [...schema.tagNames, "u", "mark"] };
}

function withOptions(listed: Plugin, options: object): Plugin {
  const [attach] = Array.isArray(listed) ? listed : [listed];
  return [attach, options] as Plugin;
}

/** A link as written: the plugin resolves relative addresses against the stand-in origin. */
function address(url: unknown) {
  return typeof url === "string"
    ? url.startsWith(`${OWN_ORIGIN}/`)
      ? url.slice(OWN_ORIGIN.length)
      : url
    : undefined;
}

function hostOf(text: string) {
  if (!/^(https?:\/\/|www\.)\S+$/i.test(text)) return null;
  try {
    return new URL(text.startsWith("www.") ? `https://${text}` : text).host.replace(/^www\./, "");
  } catch {
    return null;
  }
}

function Anchor({
  node,
  href,
  children,
  target: _target,
  rel: _rel,
  ...props
}: React.ComponentProps<"a"> & ExtraProps) {
  const url = address(href);
  const ids = useOwnIds(props);
  if (!url) return <span>{children}</span>;
  if (url.startsWith("#")) {
    return (
      <a {...props} {...ids.props} href={`#${ids.prefix}${url.slice(1)}`}>
        {children}
      </a>
    );
  }
  // If the link's text looks like an address but leads to another host, this names the real host to prevent phishing.
  const shown = hostOf(textOf(node).trim());
  const real = hostOf(url);
  return (
    <a {...props} href={url} target="_blank" rel="noopener noreferrer nofollow" title={url}>
      {children}
      {shown && real && shown !== real ? ` (${real})` : null}
    </a>
  );
}

function Image({ src, alt, width, height }: React.ComponentProps<"img"> & ExtraProps) {
  const url = address(src);
  // The plugin already refuses everything else. This is the second check, should the plugin change.
  if (!url || !isOwnPath(url)) return <span>{alt}</span>;
  return (
    // The kit doesn't need Next, and its image optimizer must not fetch an address chosen by a model.
    // oxlint-disable-next-line nextjs/no-img-element
    <img
      data-slot="markdown-image"
      src={url}
      alt={alt ?? ""}
      width={width}
      height={height}
      loading="lazy"
      decoding="async"
    />
  );
}

function Pre({ node }: React.ComponentProps<"pre"> & ExtraProps) {
  const code = node?.children[0];
  const className = code?.type === "element" ? code.properties.className : undefined;
  const language = (Array.isArray(className) ? className : [])
    .map(String)
    .find((name) => name.startsWith("language-"))
    ?.slice("language-".length);
  const text = textOf(code).replace(/\n$/, "");
  const isStreaming = useIsCodeFenceIncomplete();
  const { fences } = use(MarkdownOptions);
  const block = <CodeBlock code={text} language={language} isStreaming={isStreaming} />;
  const renderer = language && fences && Object.hasOwn(fences, language) ? fences[language] : undefined;
  return renderer && !isStreaming ? (
    <Fence key={text} code={text} renderer={renderer} fallback={block} />
  ) : (
    block
  );
}

function Table({ node: _node, className: _className, ...props }: React.ComponentProps<"table"> & ExtraProps) {
  return (
    <ScrollBox data-slot="markdown-table" aria-label="Table" className="max-w-full rounded-md border">
      <table {...props} />
    </ScrollBox>
  );
}

function Checkbox({ checked }: React.ComponentProps<"input"> & ExtraProps) {
  return (
    <input type="checkbox" checked={checked === true} disabled aria-label={checked ? "Done" : "Not done"} />
  );
}

/** The prefix of this text's ids: two answers may both have a footnote 1. */
const IdPrefix = createContext("");

function useOwnIds({ id, "aria-describedby": describedBy }: React.HTMLAttributes<HTMLElement>) {
  const prefix = use(IdPrefix);
  return {
    prefix,
    props: {
      ...(id !== undefined && { id: `${prefix}${id}` }),
      ...(describedBy !== undefined && { "aria-describedby": `${prefix}${describedBy}` }),
    },
  };
}

/** Plain elements, styled by `.prose-chat`. Headings start at h2, because the page's h1 is the chat's title. */
function bare(Tag: React.ElementType, level?: number) {
  return function Bare({ node: _node, className, ...props }: React.HTMLAttributes<HTMLElement> & ExtraProps) {
    const kept = className?.includes("sr-only") ? "sr-only" : undefined;
    const ids = useOwnIds(props);
    return <Tag {...props} {...ids.props} className={kept} data-level={level} />;
  };
}

const components: Components = {
  a: Anchor,
  img: Image,
  pre: Pre,
  table: Table,
  input: Checkbox,
  code: bare("code"),
  h1: bare("h2", 1),
  h2: bare("h3", 2),
  h3: bare("h4", 3),
  h4: bare("h5", 4),
  h5: bare("h6", 5),
  h6: bare("h6", 6),
  ...Object.fromEntries(
    [
      "p",
      "ul",
      "ol",
      "li",
      "blockquote",
      "hr",
      "strong",
      "em",
      "del",
      "b",
      "i",
      "u",
      "s",
      "mark",
      "kbd",
      "sub",
      "sup",
      "section",
      "thead",
      "tbody",
      "tr",
      "th",
      "td",
    ].map((tag) => [tag, bare(tag as React.ElementType)]),
  ),
};

function textOf(node: Node | undefined): string {
  if (!node) return "";
  if (node.type === "text") return node.value;
  return "children" in node ? node.children.map(textOf).join("") : "";
}

export type MarkdownViewProps = {
  text: string;
  isStreaming: boolean;
  /** The prefix of ids in this text, such as the message's id. Default: one from `useId`. */
  idPrefix?: string | undefined;
  /** The two plugins of a math renderer. The second runs after the sanitizer, on sanitized HTML. */
  math?: { remark: Plugin[]; rehype: Plugin };
};

export default function MarkdownView({ text, isStreaming, idPrefix, math }: MarkdownViewProps) {
  const ownId = useId();
  const pieces = useMemo(() => cutIntoPieces(lengthenOuterFences(text)), [text]);
  const plugins = useMemo(
    () =>
      math && {
        remarkPlugins: [...remarkPlugins, ...math.remark],
        rehypePlugins: [...rehypePlugins, math.rehype],
      },
    [math],
  );
  const renderMarkdown = (markdown: string, isUnfinished = false) => (
    <Streamdown
      className="prose-chat not-first:mt-3"
      dir="auto"
      components={components}
      remarkPlugins={remarkPlugins}
      rehypePlugins={rehypePlugins}
      parseIncompleteMarkdown={isUnfinished}
      isAnimating={isUnfinished}
      controls={false}
      {...plugins}
    >
      {markdown}
    </Streamdown>
  );
  const drawn = pieces.map((piece, index) => {
    // Pieces are only appended, so the position is a stable key.
    switch (piece.kind) {
      case "markdown":
        return (
          <Fragment key={index}>
            {renderMarkdown(piece.text, isStreaming && index === pieces.length - 1)}
          </Fragment>
        );
      case "table":
        return <LongTable key={index} head={piece.head} rows={piece.rows} render={renderMarkdown} />;
      case "plain":
        return (
          <div key={index} dir="auto" className="fast-shaping my-3 wrap-anywhere whitespace-pre-wrap">
            {stripBidi(piece.text)}
          </div>
        );
    }
  });
  return <IdPrefix value={`${idPrefix ?? ownId}-`}>{drawn}</IdPrefix>;
}
