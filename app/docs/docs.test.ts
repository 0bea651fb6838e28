import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { GET as getMarkdown } from "./markdown/[...slug]/route";
import { GET as getList } from "../llms.txt/route";
import { headingId } from "./heading-id";
import { readGroups, readPage, resolveLink, slugs, toMarkdown } from "./pages";

const root = path.resolve(import.meta.dirname, "../..");
const content = path.join(root, "app/docs/content");
const readme = readFileSync(path.join(root, "README.md"), "utf8");
const pages = readGroups().flatMap((group) => group.pages);
const texts = [
  { name: "README.md", text: readme },
  ...pages.map(({ slug, source }) => ({ name: slug, text: source })),
];

describe.each(texts)("$name", ({ text }) => {
  it("names only files that exist", () => {
    expect(pathsIn(text).filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  it("names only scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
      scripts: object;
    };
    expect(scriptsIn(text).filter((script) => !(script in scripts))).toEqual([]);
  });
});

describe("README.md", () => {
  it("has at most 14 KB", () => {
    expect(statSync(path.join(root, "README.md")).size).toBeLessThanOrEqual(14_000);
  });

  it("links only to files, pages and headings that exist", () => {
    const broken = linksIn(readme).filter((href) => {
      const [file = "", anchor] = href.split("#");
      if (file === "") return !anchorsOf(readme).includes(anchor ?? "");
      if (!existsSync(path.join(root, file))) return true;
      const page = /^app\/docs\/content\/(.+)\.mdx$/.exec(file);
      return page !== null && !leadsSomewhere(page[1] ?? "", anchor ? `#${anchor}` : "");
    });
    expect(broken).toEqual([]);
  });
});

describe("the docs", () => {
  it("list every source", () => {
    const sources = readdirSync(content, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".mdx"))
      .map((file) => file.replace(/\.mdx$/, ""));
    expect(sources.toSorted()).toEqual(slugs.toSorted());
  });

  it.each(pages)(
    "$slug has a title, a summary of one sentence, and headings with different anchors",
    (page) => {
      expect(page.source).toMatch(/^# \S.*\n\n[A-Z][^\n`[\]]*\.\n\n/);
      expect(page.summary).not.toMatch(/[.!?] [A-Z]/);
      expect(new Set(anchorsOf(page.source)).size).toBe(anchorsOf(page.source).length);
    },
  );

  it.each(pages)("$slug links only to pages and headings that exist", ({ slug, source }) => {
    const broken = linksIn(source).filter((href) => {
      if (href.startsWith("#")) return !leadsSomewhere(slug, href);
      const link = resolveLink(slug, href);
      return !link || !leadsSomewhere(link.slug, link.anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(pages)("$slug is served as Markdown, with links to Markdown", async (page) => {
    const params = Promise.resolve({ slug: page.slug.split("/") });
    const response = await getMarkdown(new Request(`http://docs/docs/${page.slug}.md`), { params });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
    const text = await response.text();
    expect(text).toMatch(/^# /);
    for (const href of linksIn(text).filter((href) => !href.startsWith("#")))
      expect(href).toMatch(/^\/docs\/[\w/-]+\.md(#[\w-]+)?$/);
  });

  it("have no page at an unknown address, nor outside of their folder", async () => {
    for (const slug of ["nothing", "../pages", "decisions", "content/settings", ""]) {
      expect(readPage(slug)).toBeNull();
      const params = Promise.resolve({ slug: slug.split("/") });
      expect((await getMarkdown(new Request("http://docs/"), { params })).status).toBe(404);
    }
  });

  it("are listed in llms.txt, with a sentence each", async () => {
    const text = await getList().text();
    for (const { slug, title, summary } of pages)
      expect(text).toContain(`- [${title}](/docs/${slug}.md): ${summary}\n`);
  });

  it("say nothing of a rival without its source", () => {
    const rows = (readPage("comparison")?.source ?? "").split("\n").filter((line) => line.startsWith("| "));
    const answers = rows
      .filter((row) => !/^\| (product|---) /.test(row))
      .map((row) => row.split(" | ").at(-1));
    expect(answers.length).toBeGreaterThan(40);
    expect(answers.filter((answer) => !answer?.includes("]("))).toEqual([]);
  });

  it("send no script of their own to the browser, and nothing to the chat", () => {
    const files = readdirSync(path.join(root, "app"), { recursive: true, encoding: "utf8" })
      .filter((file) => /(?<!\.test)\.tsx?$/.test(file))
      .map((file) => ({ file, code: readFileSync(path.join(root, "app", file), "utf8") }));
    const ours = files.filter(({ file }) => file.startsWith("docs/"));
    expect(ours.length).toBeGreaterThan(5);
    expect(ours.filter(({ code }) => code.includes('"use client"'))).toEqual([]);
    const importers = files.filter(({ code }) => /from "[^"]*\/docs\//.test(code)).map(({ file }) => file);
    expect(importers).toEqual(["llms.txt/route.ts"]);
  });

  it("lead from one folder to another", () => {
    expect(resolveLink("decisions/page", "../settings.mdx#all-settings")).toEqual({
      slug: "settings",
      anchor: "#all-settings",
    });
    expect(resolveLink("requests", "decisions/requests.mdx")).toEqual({
      slug: "decisions/requests",
      anchor: "",
    });
    expect(resolveLink("requests", "https://example.com/a.mdx")).toBeNull();
    const page = {
      slug: "a/b",
      title: "",
      label: "",
      summary: "",
      source: "[x](../c.mdx#d), [y](e.mdx), [z](https://f/g.mdx)",
    };
    expect(toMarkdown(page)).toBe("[x](/docs/c.md#d), [y](/docs/a/e.md), [z](https://f/g.mdx)");
  });
});

function leadsSomewhere(slug: string, anchor: string): boolean {
  const page = readPage(slug);
  return page !== null && (anchor === "" || anchorsOf(page.source).includes(anchor.slice(1)));
}

function anchorsOf(text: string): string[] {
  return [...withoutFences(text).matchAll(/^##+ (.+)$/gm)].map((match) => headingId(match[1] ?? ""));
}

/** Links and pictures within the repository. */
function linksIn(text: string): string[] {
  return [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? "")
    .filter((href) => !/^https?:/.test(href));
}

/** Files of the repository, in code as well as in running text. */
function pathsIn(text: string): string[] {
  const inFolders = text.matchAll(
    /(?<![\w/.@-])(?:app|components|e2e|lib|prisma|trigger|\.ci)(?:\/(?:[\w.-]+|\(\w+\)|\[[\w.]+\])+)+/g,
  );
  const atTheTop = text.matchAll(/`([\w-]+(?:\.[\w-]+)*\.(?:ts|tsx|mjs|json|md))`/g);
  return [
    ...[...inFolders].map((match) => match[0].replace(/\.$/, "")),
    ...[...atTheTop].map((match) => match[1] ?? ""),
  ];
}

function scriptsIn(text: string): string[] {
  const named = [...text.matchAll(/npm run (?:-s )?([\w:-]+)/g)].map((match) => match[1] ?? "");
  return [
    ...named,
    ...(/npm test\b/.test(text) ? ["test"] : []),
    ...(/npm start\b/.test(text) ? ["start"] : []),
  ];
}

function withoutFences(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, "");
}
