import type { UIMessage } from "ai";
import { expect, it } from "vitest";
import { renderToString } from "react-dom/server";
import { Message } from "./message";

const render = (...parts: UIMessage["parts"]) =>
  renderToString(<Message message={{ id: "m1", role: "assistant", parts }} />);

it("has the words in the server's HTML, before any renderer has loaded", () => {
  expect(render({ type: "text", text: "It is **three** metres." })).toContain("three");
});

it("shows data parts without a renderer", () => {
  const html = render({ type: "data-weather", data: { city: "Oslo" } });
  expect(html).toContain("weather");
  expect(html).toContain("Oslo");
});

it("shows a part type of a newer version", () => {
  expect(render({ type: "hologram", beam: 7 } as unknown as UIMessage["parts"][number])).toContain(
    "hologram",
  );
});

it("lets the app draw its own data parts, or nothing for them", () => {
  const message: UIMessage = { id: "m1", role: "assistant", parts: [{ type: "data-usage", data: {} }] };
  expect(renderToString(<Message message={message} renderData={() => null} />)).not.toContain("usage");
  expect(renderToString(<Message message={message} renderData={() => "mine"} />)).toContain("mine");
});

it("does not load an image from elsewhere", () => {
  const html = render({ type: "file", mediaType: "image/png", url: "https://evil.example/collect.png" });
  expect(html).not.toContain("<img");
});

it("makes no link of a script", () => {
  // oxlint-disable-next-line no-script-url
  const html = render({ type: "source-url", sourceId: "s", url: "javascript:alert(1)", title: "Press" });
  expect(html).not.toContain("href");
  expect(html).toContain("Press");
});

it("lets the app draw its own tools, with the generic card for the rest", () => {
  const message: UIMessage = {
    id: "m1",
    role: "assistant",
    parts: [
      { type: "tool-refund", toolCallId: "1", state: "input-available", input: { order: "4417" } },
      { type: "tool-lookup", toolCallId: "2", state: "input-available", input: { order: "4417" } },
    ],
  };
  const html = renderToString(
    <Message
      message={message}
      renderTool={(part, { id }) => (part.type === "tool-refund" ? `refund of ${id}` : undefined)}
    />,
  );
  expect(html).toContain("refund of m1");
  expect(html).not.toContain('data-tool="refund"');
  expect(html).toContain('data-tool="lookup"');
});
