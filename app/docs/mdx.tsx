import type { MDXComponents } from "mdx/types";
import Link from "next/link";
import { Children, isValidElement, type ReactNode } from "react";
import { ScrollBox } from "@/components/ui/scroll-box";
import { headingId } from "./heading-id";
import { resolveLink } from "./pages";

/** What the Markdown of a page becomes. `slug` is that page, which its links start from. */
export function mdxComponents(slug: string): MDXComponents {
  return {
    h1: ({ children }) => <h1 className="mb-3! text-xl tracking-[-0.02em]!">{children}</h1>,
    h2: ({ children }) => (
      <Anchored as="h2" className="mt-10! text-lg">
        {children}
      </Anchored>
    ),
    h3: ({ children }) => (
      <Anchored as="h3" className="mt-7! text-base">
        {children}
      </Anchored>
    ),
    a: ({ href = "", children }) => {
      const link = resolveLink(slug, href);
      if (!link) return <a href={href}>{children}</a>;
      return (
        <Link href={`/docs/${link.slug}${link.anchor}`} prefetch={false}>
          {children}
        </Link>
      );
    },
    table: ({ children }) => (
      <ScrollBox
        aria-label="Table"
        data-slot="markdown-table"
        className="rounded-md border [&_td+td]:min-w-[150px] [&_td+td_code]:wrap-anywhere [&_td:last-child]:min-w-[220px]"
      >
        <table>{children}</table>
      </ScrollBox>
    ),
    th: ({ children, align }) => <th align={align}>{children}</th>,
    pre: ({ children }) => (
      <ScrollBox
        aria-label="Code"
        data-slot="code-block"
        className="rounded-md border bg-code px-4 py-3 font-mono text-[13px] leading-5"
      >
        <pre>{children}</pre>
      </ScrollBox>
    ),
  };
}

/** A heading that is a link to itself. */
function Anchored({
  as: Tag,
  className,
  children,
}: {
  as: "h2" | "h3";
  className: string;
  children: ReactNode;
}) {
  const id = headingId(textOf(children));
  return (
    <Tag id={id} className={`scroll-mt-6 ${className}`}>
      <a href={`#${id}`} className="no-underline! hover:underline!">
        {children}
      </a>
    </Tag>
  );
}

function textOf(node: ReactNode): string {
  return Children.toArray(node)
    .map((child) => {
      if (isValidElement<{ children?: ReactNode }>(child)) return textOf(child.props.children);
      return typeof child === "string" || typeof child === "number" ? String(child) : "";
    })
    .join("");
}
