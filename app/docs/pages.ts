import { readFileSync } from "node:fs";
import path from "node:path";

/** The documentation in reading order. A slug is a file in `app/docs/content`; its first lines are its title and summary. */
const groups = [
  { title: "Start", slugs: ["commands", "changing", "settings", "deploying"] },
  {
    title: "Concepts",
    slugs: [
      "how-it-works",
      "requests",
      "sub-agents",
      "server-chat",
      "side-effects",
      "upgrades",
      "code-sandbox",
      "sessions",
      "fast-starts",
      "testing",
    ],
  },
  {
    title: "Decisions",
    slugs: [
      "decisions/messages",
      "decisions/answers",
      "decisions/branches",
      "decisions/requests",
      "decisions/side-effects",
      "decisions/engine",
      "decisions/page",
      "decisions/chats",
      "decisions/people",
      "decisions/limits",
      "decisions/code",
    ],
  },
  { title: "Compare", slugs: ["comparison"] },
];

export const slugs: string[] = groups.flatMap((group) => group.slugs);

/** `label` is the title without what the group says already. */
export type DocsPage = { slug: string; title: string; label: string; summary: string; source: string };

const folder = path.join(process.cwd(), "app/docs/content");

/** Null if the page does not exist. */
export function readPage(slug: string): DocsPage | null {
  if (!slugs.includes(slug)) return null;
  const source = readFileSync(path.join(folder, `${slug}.mdx`), "utf8");
  const [heading = "", summary = ""] = source.split("\n\n", 2);
  const title = heading.replace(/^# /, "");
  const label = title.replace(/^Decisions: (.)/, (_, first: string) => first.toUpperCase());
  return { slug, title, label, summary: summary.replaceAll("\n", " "), source };
}

export type DocsGroup = { title: string; pages: DocsPage[] };

export function readGroups(): DocsGroup[] {
  return groups.map(({ title, slugs }) => ({ title, pages: slugs.flatMap((slug) => readPage(slug) ?? []) }));
}

/** The sections of a page, as its headings name them. */
export function sectionsOf({ source }: DocsPage): string[] {
  const text = source.replace(/^```[\s\S]*?^```$/gm, "");
  return [...text.matchAll(/^## (.+)$/gm)].map((match) => (match[1] ?? "").replaceAll("`", ""));
}

/**
 * Where a link of the documentation leads. Sources link to each other as files (`../settings.mdx#anchor`), so that the
 * links also work where the repository is browsed. Returns null for a link that leads elsewhere.
 */
export function resolveLink(from: string, href: string): { slug: string; anchor: string } | null {
  const match = /^([\w./-]+)\.mdx(#[\w-]+)?$/.exec(href);
  if (!match?.[1]) return null;
  const { pathname } = new URL(match[1], `docs:/${from}`);
  return { slug: pathname.slice(1), anchor: match[2] ?? "" };
}

/** The source as it is served: the same text, with links that lead to the other sources. */
export function toMarkdown(page: DocsPage): string {
  return page.source.replace(/(?<=\]\()[^()\s]+\.mdx(#[\w-]+)?(?=\))/g, (href) => {
    const link = resolveLink(page.slug, href);
    return link ? `/docs/${link.slug}.md${link.anchor}` : href;
  });
}
