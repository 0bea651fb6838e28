import { readPage, slugs, toMarkdown } from "../../pages";

export const dynamic = "force-static";

export function generateStaticParams() {
  return slugs.map((slug) => ({ slug: slug.split("/") }));
}

/** The source of a page, for whoever reads Markdown rather than HTML: `/docs/settings.md`. */
export async function GET(_request: Request, { params }: { params: Promise<{ slug: string[] }> }) {
  const page = readPage((await params).slug.join("/"));
  if (!page) return new Response("Page not found. All pages are listed in /llms.txt.\n", { status: 404 });
  return new Response(toMarkdown(page), { headers: { "content-type": "text/markdown; charset=utf-8" } });
}
