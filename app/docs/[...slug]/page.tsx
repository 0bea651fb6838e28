import type { Metadata } from "next";
import type { MDXContent } from "mdx/types";
import Link from "next/link";
import { notFound } from "next/navigation";
import { DocsNav } from "../docs-nav";
import { mdxComponents } from "../mdx";
import { headingId } from "../heading-id";
import { type DocsPage as Page, readPage, sectionsOf, slugs } from "../pages";

type Props = { params: Promise<{ slug: string[] }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const page = readPage((await params).slug.join("/"));
  if (!page) return { title: "Not found" };
  return {
    title: page.title,
    description: page.summary,
    alternates: { types: { "text/markdown": `/docs/${page.slug}.md` } },
  };
}

export default async function DocsPage({ params }: Props) {
  const page = readPage((await params).slug.join("/"));
  if (!page) notFound();
  const { default: Content } = (await import(`../content/${page.slug}.mdx`)) as { default: MDXContent };
  return (
    <div className="md:flex md:gap-10 xl:gap-12">
      <DocsNav slug={page.slug} />
      <main id="content" tabIndex={-1} className="min-w-0 max-w-[720px] flex-1 pt-8 pb-16 outline-none">
        <article className="prose-chat">
          <Content components={mdxComponents(page.slug)} />
        </article>
        <Neighbors slug={page.slug} />
        <p className="mt-6 text-sm text-ink-3">
          <a href={`/docs/${page.slug}.md`} className="underline decoration-kelp-line underline-offset-3">
            This page as Markdown
          </a>
        </p>
      </main>
      <Sections page={page} />
    </div>
  );
}

/** What is on the page, beside it on a wide screen. On a narrow one the headings are enough. */
function Sections({ page }: { page: Page }) {
  const sections = sectionsOf(page);
  if (sections.length < 3) return null;
  return (
    <nav
      aria-label="On this page"
      className="sticky top-0 hidden max-h-dvh w-[200px] shrink-0 self-start overflow-y-auto py-8 xl:block"
    >
      <p className="pb-1 text-xs text-ink-3">On this page</p>
      <ul>
        {sections.map((section) => (
          <li key={section}>
            <a
              href={`#${headingId(section)}`}
              className="block py-1 text-[13px] leading-[18px] text-ink-2 hover:text-ink"
            >
              {section}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Neighbors({ slug }: { slug: string }) {
  const index = slugs.indexOf(slug);
  const neighbors = [
    { label: "Previous", rel: "prev", page: readPage(slugs[index - 1] ?? "") },
    { label: "Next", rel: "next", page: readPage(slugs[index + 1] ?? "") },
  ];
  return (
    <nav aria-label="Previous and next page" className="mt-14 grid gap-3 sm:grid-cols-2">
      {neighbors.map(
        ({ label, rel, page }) =>
          page && (
            <Link
              key={rel}
              href={`/docs/${page.slug}`}
              prefetch={false}
              rel={rel}
              className="rounded-md border px-4 py-3 hover:bg-raised sm:data-[rel=next]:col-start-2 sm:data-[rel=next]:text-end"
              data-rel={rel}
            >
              <span className="block text-xs text-ink-3">{label}</span>
              <span className="font-medium">{page.title}</span>
            </Link>
          ),
      )}
    </nav>
  );
}
