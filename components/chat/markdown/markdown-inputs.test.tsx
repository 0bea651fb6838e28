import { expect, it } from "vitest";
import { renderToString } from "react-dom/server";
import MarkdownMath from "./math";
import { withFormulas } from "./formulas";
import { lengthenOuterFences } from "./fences";
import { cutIntoPieces } from "./pieces";
import MarkdownView from "./markdown-view";

/** The rendered HTML without the renderer's own attributes. */
function html(text: string, isStreaming = false): string {
  return renderToString(<MarkdownView text={text} isStreaming={isStreaming} idPrefix="m1" />)
    .replace(/<!--.*?-->/g, "")
    .replace(/ (?:class|dir|style|title|target|rel|data-level)="[^"]*"/g, "");
}

function math(text: string): string {
  return renderToString(<MarkdownMath text={text} isStreaming={false} />);
}

it.each([
  ["**注意：**请保存。", "<strong>注意：</strong>请保存。"],
  ["**note:**text", "<strong>note:</strong>text"],
  ["see **the `code`:**text", "see <strong>the <code>code</code>:</strong>text"],
  ["text**(note)**text", "text<strong>(note)</strong>text"],
  ["**a:**b and **c.**d", "<strong>a:</strong>b and <strong>c.</strong>d"],
  ["请看**“引用”**部分", "请看<strong>“引用”</strong>部分"],
])("bold beside punctuation: %s", (text, expected) => {
  expect(html(text)).toContain(expected);
});

it.each(["f(**a) and g(**b)", "2 ** 3 ** 4", "\\*\\*note:\\*\\*text", "**kwargs, **more", "`**note:**text`"])(
  "asterisks that are no bold: %s",
  (text) => expect(html(text)).not.toContain("<strong"),
);

it("strikes out between two tildes only", () => {
  expect(html("from ~200 to ~300 items")).toContain("from ~200 to ~300 items");
  expect(html("~~gone~~ here")).toContain("<del>gone</del>");
});

it("reads the few bare tags that Markdown has no syntax for", () => {
  expect(html("| a |\n| - |\n| one<br>two |")).toContain("<td>one<br/>");
  expect(html("H<sub>2</sub>O and x<SUP>2</SUP>")).toContain("H<sub>2</sub>O and x<sup>2</sup>");
  expect(html("<kbd>Esc</kbd> <b>b</b> <i>i</i> <u>u</u> <s>s</s> <mark>m **n**</mark>")).toContain(
    "<kbd>Esc</kbd> <b>b</b> <i>i</i> <u>u</u> <s>s</s> <mark>m <strong>n</strong></mark>",
  );
  expect(html("one\n\n<br>\n\ntwo")).toContain("<br/>");
});

it.each([
  '<b onclick="x()">bold</b>',
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '<span style="color:red">x</span>',
  "<a href='https://evil.example'>x</a>",
])("any other HTML stays text: %s", (text) => {
  expect(html(text)).toContain("&lt;");
  expect(html(text)).not.toMatch(/<(?:script|img|span|b|a)\b[^>]*(?:on|src|href|style)/i);
});

it("a tag without its end stays text", () => {
  expect(html("use the <b> tag, or <sub> and </sup>")).toContain(
    "use the &lt;b&gt; tag, or &lt;sub&gt; and &lt;/sup&gt;",
  );
});

const nested = "```markdown\n# Title\n\n```js\nlet a;\n```\n\nmore\n```\n\nafter";

it("a block of Markdown ends at its own fence", () => {
  const shown = html(nested);
  expect(shown.match(/<pre/g)).toHaveLength(1);
  expect(shown).toContain("let a;");
  expect(shown).toContain("<p>after</p>");
});

it.each([
  "```js\nlet a;\n```\n\ntext\n\n```py\nb\n```",
  "```markdown\n# Title\n```\n\n```js\nlet a;\n```",
  "text without a fence",
])("other fences are as they were written", (text) => expect(lengthenOuterFences(text)).toBe(text));

it("blocks inside a block of Markdown, in a list and unfinished", () => {
  expect(lengthenOuterFences("- ```md\n  ```js\n  a\n  ```\n  ```\n- b")).toBe(
    "- ````md\n  ```js\n  a\n  ```\n  ````\n- b",
  );
  expect(html("```markdown\n# a\n```js\nlet a", true).match(/<pre/g)).toHaveLength(1);
});

it.each([
  ["the area is \\(x^2\\)", 1],
  ["\\[ \\frac{a}{b} \\]", 1],
  ["\\[\n\\frac{a}{b}\n\\]", 1],
  ["$$x^2$$ and $$\ny\n$$", 2],
  ["- first\n\n  \\[\n  x = 1\n  \\]\n- second", 1],
  ["1. $$a+b$$\n2. \\(c\\)", 2],
])("formulas: %s", (text, count) => {
  expect(math(text).match(/<math/g)).toHaveLength(count);
});

it("a formula in a list item stays in it, and one alone is set apart", () => {
  expect(math("- first\n\n  \\[\n  x = 1\n  \\]\n- second").match(/<ul/g)).toHaveLength(1);
  expect(math("before\n\n$$x^2$$\n\nafter")).toContain('display="block"');
  expect(math("before $$x^2$$ after")).not.toContain('display="block"');
});

it.each([
  "$5 and $10",
  "Cost $$5",
  "Cost $$5 and $$10",
  "\\[not a link\\](x)",
  "see \\[1\\] and \\[sic\\]",
  "\\(optional\\)",
  "`\\(x\\)` and `$$x$$`",
  "```\n\\[x\\]\n```",
])("text that is no formula: %s", (text) => expect(withFormulas(text)).toBeUndefined());

it("dollars beside a formula stay dollars", () => {
  const shown = math("Cost $$5 for \\(x^2\\)");
  expect(shown.match(/<math/g)).toHaveLength(1);
  expect(shown).toContain("Cost $$5 for");
});

it("the footnotes of two answers have ids of their own", () => {
  const text = "A claim[^1].\n\n[^1]: Its source.";
  const one = renderToString(<MarkdownView text={text} isStreaming={false} idPrefix="m1" />);
  const two = renderToString(<MarkdownView text={text} isStreaming={false} idPrefix="m2" />);
  const ids = (shown: string) => [...shown.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  const targets = (shown: string) => [...shown.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id);
  expect(ids(one).length).toBeGreaterThan(1);
  expect(new Set([...ids(one), ...ids(two)]).size).toBe(ids(one).length + ids(two).length);
  for (const shown of [one, two]) {
    expect(targets(shown).length).toBe(2);
    for (const target of targets(shown)) expect(ids(shown)).toContain(target);
  }
});

it.each([
  ["see https://example.com/a（说明）and more", ["https://example.com/a"]],
  [
    "看https://example.com/a，还有https://example.com/b。",
    ["https://example.com/a", "https://example.com/b"],
  ],
  ["(https://example.com/wiki/中国)", ["https://example.com/wiki/%E4%B8%AD%E5%9B%BD"]],
  ["<https://example.com/a（b）>", ["https://example.com/a%EF%BC%88b%EF%BC%89"]],
])("an address ends where the sentence continues: %s", (text, expected) => {
  expect([...html(text).matchAll(/ href="([^"]+)"/g)].map(([, url]) => url)).toEqual(expected);
});

const list = Array.from({ length: 400 }, (_, item) => `- **item ${item}** with \`code\` and *more* \`code\``);

it("a long list is drawn, and what is drawn stays drawn while it grows", () => {
  expect(cutIntoPieces(list.join("\n")).map(({ kind }) => kind)).not.toContain("plain");
  expect(html(list.join("\n")).match(/<li/g)).toHaveLength(400);
  let drawn: string[] = [];
  for (let count = 1; count <= list.length; count += 13) {
    const pieces = cutIntoPieces(list.slice(0, count).join("\n"));
    expect(pieces.every(({ kind }) => kind === "markdown")).toBe(true);
    const now = pieces.map((piece) => (piece.kind === "markdown" ? piece.text : ""));
    // Finished pieces don't change.
    expect(now.slice(0, Math.max(0, drawn.length - 1))).toEqual(drawn.slice(0, -1));
    drawn = now;
  }
});

it("a long paragraph is drawn, in any script, and loses no word", () => {
  const english = "A sentence with **bold** and `code` in it. ".repeat(300).trim();
  const chinese = "这是一个很长的段落，**重点**在这里。".repeat(700);
  for (const text of [english, chinese]) {
    expect(text.length).toBeGreaterThan(12_000);
    const pieces = cutIntoPieces(text);
    expect(pieces.map(({ kind }) => kind)).not.toContain("plain");
    const shown = html(text);
    expect(shown.match(/<strong/g)?.length).toBe(text.match(/\*\*/g)!.length / 2);
    expect(shown).not.toContain("**");
  }
});
