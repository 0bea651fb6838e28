import { expect, it } from "vitest";
import { renderToString } from "react-dom/server";
import MarkdownView from "./markdown-view";

const render = (text: string, isStreaming = false) =>
  renderToString(<MarkdownView text={text} isStreaming={isStreaming} />);

it("loads no image from another origin, in any spelling", () => {
  for (const url of [
    "https://evil.example/x.png",
    "//evil.example/x.png",
    "/\\evil.example/x.png",
    "/.//evil.example/x.png",
    "data:image/svg+xml,<svg/>",
    "https://own-origin.invalid.evil.example/x.png",
  ]) {
    const loaded = [...render(`![secret](${url})`).matchAll(/ (?:src|href|srcset)="([^"]*)"/gi)];
    expect(
      loaded
        .map(([, found]) => new URL(found ?? "", "https://self.example").origin)
        .filter((origin) => origin !== "https://self.example"),
      url,
    ).toEqual([]);
  }
});

it("shows an image of its own origin", () => {
  expect(render("![chart](/files/chart.png)")).toContain('src="/files/chart.png"');
});

it("keeps raw HTML as text", () => {
  const html = render(
    '<img src="https://evil.example/x.png" onerror="alert(1)"> <picture><source srcset="https://evil.example/y"></picture>',
  );
  expect(html).not.toContain("<img");
  expect(html).not.toContain("<source");
  expect(html).toContain("&lt;img");
});

it("makes no link of a script and keeps its words", () => {
  const html = render("[press](javascript:alert(1)) [and](vbscript:x) [this](data:text/html,hi)");
  expect(html).not.toContain("href");
  expect(html).toContain("press");
});

it("names the host of a link whose words name another", () => {
  expect(render("[https://bank.example](https://evil.example/login)")).toContain("(evil.example)");
  expect(render("[https://bank.example/a](https://www.bank.example/b)")).not.toContain("(bank.example)");
});

it("keeps a link to this site relative, and opens others apart", () => {
  expect(render("[here](/chat/1)")).toContain('href="/chat/1"');
  expect(render("[there](https://example.com)")).toContain('rel="noopener noreferrer nofollow"');
});

it("closes what is unfinished only while it streams", () => {
  expect(render("**bold", true)).toContain("<strong>bold");
  expect(render("**bold")).toContain("**bold");
});

it("shows code with its language, byte for byte", () => {
  const html = render("```ts\nconst a = 1 < 2;\n```");
  expect(html).toContain(">ts<");
  expect(html).toContain("const a = 1 &lt; 2;");
});

it("starts headings below the page's own", () => {
  expect(render("# Title")).toContain("<h2");
  expect(render("# Title")).not.toContain("<h1");
});
