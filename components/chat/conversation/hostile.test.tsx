import type { UIMessage } from "ai";
import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { withFormulas } from "../markdown/formulas";
import MarkdownMath from "../markdown/math";
import MarkdownView from "../markdown/markdown-view";
import { Message } from "./message";
import { findImages, foldData } from "../tools/output-images";
import { isOwnImage } from "../shared/own-address";

const table = ["| a | b |", "| --- | --- |", ...Array.from({ length: 10_000 }, (_, row) => `| ${row} | x |`)];

/** Each case takes about 0.1 s on an idle machine. Without its guard it takes 10 s or overflows the stack. */
const PATIENCE = 5_000;

it.each<[string, string]>([
  ["a table of 10,000 rows", table.join("\n")],
  ["a line of 200 KB", `${"word ".repeat(20_000)}${"x".repeat(99_000)}`],
  ["50,000 nested quotes", `${">".repeat(50_000)} deep`],
  [
    "quotes that go deeper with each line",
    Array.from({ length: 600 }, (_, at) => `${">".repeat(at)} x`).join("\n"),
  ],
  ["lists inside lists", Array.from({ length: 400 }, (_, at) => `${"  ".repeat(at)}- x`).join("\n")],
  ["brackets that never close", "[".repeat(9_000)],
  ["emphasis that never closes", "*a _b ".repeat(1_600)],
  ["10,000 accents on one letter", `e${"\u0301".repeat(10_000)}`],
  ["150 KB of base64", `data:image/png;base64,${"iVBORw0KGgo".repeat(13_000)}`],
])("draws %s without holding the page", (_name, text) => {
  const before = performance.now();
  const html = renderToString(<MarkdownView text={text} isStreaming={false} />);
  expect(performance.now() - before).toBeLessThan(PATIENCE);
  expect(html.length).toBeGreaterThan(20);
});

it("draws a long table in parts and says how much there is", () => {
  const html = renderToString(<MarkdownView text={table.join("\n")} isStreaming={false} />).replaceAll(
    "<!-- -->",
    "",
  );
  expect(html.match(/<tr/g)?.length).toBe(101);
  expect(html).toContain("100 of 10,000 rows");
});

it("turns no direction outside of code and writes it out inside", () => {
  const html = renderToString(
    <MarkdownView text={"a\u202Eb `c\u202Ed`\n\n```ts\nif (x\u202E)\n```"} isStreaming={false} />,
  );
  expect(html).toContain("ab");
  expect(html).toContain("if (x[U+202E])");
});

it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
  "survives %s wherever a name is read",
  (name) => {
    const data = JSON.parse(`{"${name}": {"polluted": true}}`) as unknown;
    const message = {
      id: "m1",
      role: name,
      metadata: { durations: data },
      parts: [
        { type: `data-${name}`, data },
        { type: `tool-${name}`, toolCallId: name, state: "output-available", input: data, output: data },
        { type: "tool-x", toolCallId: "t", state: name, input: data },
        { type: name },
        { type: "text", text: `\`\`\`${name}\nshown\n\`\`\`` },
      ],
    } as unknown as UIMessage;
    const html = renderToString(<Message message={message} renderTool={() => undefined} />);
    expect(html).toContain("Unknown state");
    expect(html).toContain("polluted");
    expect(html).toContain("shown");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  },
);

it("shows only images that it need not fetch from elsewhere", () => {
  for (const url of ["/files/a.png", "data:image/png;base64,AA==", "blob:https://self.example/1"])
    expect(isOwnImage(url), url).toBe(true);
  for (const url of [
    "https://evil.example/a.png",
    "//evil.example/a.png",
    "/\\evil.example/a.png",
    "/\t/evil.example/a.png",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "data:text/html,hi",
  ])
    expect(isOwnImage(url), url).toBe(false);
});

it("finds the images in a tool's output and folds their bytes away", () => {
  const bytes = "iVBORw0KGgo".repeat(1_000);
  const output = {
    content: [
      { type: "image", data: bytes, mimeType: "image/png" },
      { type: "image", data: "<svg>", mimeType: "image/svg+xml" },
      `data:image/webp;base64,${bytes}`,
      "https://evil.example/a.png",
    ],
  };
  expect(findImages(output).map((url) => url.slice(0, 22))).toEqual([
    "data:image/png;base64,",
    "data:image/webp;base64",
  ]);
  const folded = JSON.stringify(foldData(output));
  expect(folded.length).toBeLessThan(500);
  expect(folded).toContain("11 KB");
  expect(foldData({ note: "a short text", "a b": "two words ".repeat(900) })).toEqual({
    note: "a short text",
    "a b": "two words ".repeat(900),
  });
});

it("draws formulas only where they are asked for, and lets none link or load", () => {
  const text = "Euler: $$e^{i\\pi}=-1$$ and \\(x^2\\), not `\\(code\\)`, for $5 and $6.";
  const html = renderToString(<MarkdownMath text={text} isStreaming={false} />);
  expect(html.match(/<math/g)?.length).toBe(2);
  expect(html).toContain("\\(code\\)");
  expect(html).toContain("$5 and $6");
  expect(renderToString(<MarkdownView text={text} isStreaming={false} />)).not.toContain("<math");

  const evil = renderToString(
    <MarkdownMath
      // oxlint-disable-next-line no-script-url
      text={
        "$$\\href{javascript:alert(1)}{x} \\includegraphics{https://evil.example/x.png} \\def\\a{\\a\\a}\\a$$"
      }
      isStreaming={false}
    />,
  );
  expect(evil).not.toContain("href=");
  expect(evil).not.toContain("<img");
  expect(withFormulas("```\n\\[x\\]\n```")).toBeUndefined();
});
