import Link from "next/link";
import { DocsNav } from "./docs-nav";
import { readGroups } from "./pages";

export default function DocsIndex() {
  return (
    <div className="md:flex md:gap-10 xl:gap-12">
      <DocsNav slug="" />
      <main id="content" tabIndex={-1} className="min-w-0 max-w-[720px] flex-1 pt-8 pb-16 outline-none">
        <h1 className="text-xl font-semibold tracking-[-0.02em]">Docs</h1>
        <p className="mt-3 text-ink-2">
          How Holdfast works, how to change it, and why each part is as it is. Every page is also Markdown,
          and {/* A text file, not a page. */}
          {/* oxlint-disable-next-line nextjs/no-html-link-for-pages */}
          <a href="/llms.txt" className="underline decoration-kelp-line underline-offset-3">
            llms.txt
          </a>{" "}
          lists them for a language model.
        </p>
        {readGroups().map((group) => (
          <section key={group.title} aria-label={group.title} className="mt-10">
            <h2 className="text-lg font-semibold tracking-[-0.01em]">{group.title}</h2>
            <ul className="mt-3 flex flex-col gap-3">
              {group.pages.map((page) => (
                <li key={page.slug}>
                  <Link
                    href={`/docs/${page.slug}`}
                    prefetch={false}
                    className="font-medium underline decoration-kelp-line underline-offset-3 hover:text-kelp"
                  >
                    {page.label}
                  </Link>
                  <p className="text-sm text-ink-2">{page.summary}</p>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </main>
    </div>
  );
}
