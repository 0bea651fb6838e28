import Link from "next/link";
import { readGroups } from "./pages";

/** The list of pages: a column on a wide screen, a disclosure above the page on a narrow one. */
export function DocsNav({ slug }: { slug: string }) {
  return (
    <>
      <details className="group mt-4 rounded-md border md:hidden">
        <summary className="flex h-11 items-center justify-between px-3.5 text-sm font-medium">
          All pages
          <svg viewBox="0 0 16 16" aria-hidden className="size-4 stroke-current group-open:rotate-180">
            <path
              d="M4 6l4 4 4-4"
              fill="none"
              strokeWidth="1.5"
              strokeLinecap="round"
              strokeLinejoin="round"
            />
          </svg>
        </summary>
        <nav aria-label="Docs" className="border-t p-2 pb-3">
          <PageList slug={slug} />
        </nav>
      </details>
      <nav
        aria-label="Docs"
        className="sticky top-0 hidden max-h-dvh w-[216px] shrink-0 self-start overflow-y-auto py-8 pr-2 md:block"
      >
        <PageList slug={slug} />
      </nav>
    </>
  );
}

function PageList({ slug }: { slug: string }) {
  return readGroups().map((group) => (
    <div key={group.title} className="not-first:mt-5">
      <p className="px-2 pb-1 text-xs text-ink-3">{group.title}</p>
      <ul>
        {group.pages.map((page) => (
          <li key={page.slug}>
            <Link
              href={`/docs/${page.slug}`}
              prefetch={false}
              aria-current={page.slug === slug ? "page" : undefined}
              className="block rounded-sm px-2 py-1 text-sm text-ink-2 hover:bg-raised hover:text-ink aria-[current=page]:bg-kelp-soft aria-[current=page]:font-medium aria-[current=page]:text-ink pointer-coarse:py-2.5"
            >
              {page.label}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  ));
}
