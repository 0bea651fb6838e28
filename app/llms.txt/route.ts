import { readGroups } from "../docs/pages";

export const dynamic = "force-static";

/** Lists the documentation for language models (https://llmstxt.org). */
export function GET() {
  const sections = readGroups().map(({ title, pages }) => {
    const links = pages.map((page) => `- [${page.title}](/docs/${page.slug}.md): ${page.summary}\n`);
    return `\n## ${title}\n\n${links.join("")}`;
  });
  const text = `# Holdfast\n\n> Durable AI chat for Next.js: a starter and a component kit.\n${sections.join("")}`;
  return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8" } });
}
