import { expect, it } from "vitest";
import { renderToString } from "react-dom/server";
import { formatDuration } from "./duration";
import { toText } from "../shared/json";
import { ToolCard, type ToolPart, summarize } from "./tool-card";

it("shows a lone value bare, and several as pairs", () => {
  expect(summarize({ order: "4417" })).toBe("4417");
  expect(summarize({ order: 4417, note: "", tags: ["a", "b"], where: { city: "Oslo" } })).toBe(
    "order: 4417 · tags: [2] · where: {…}",
  );
});

it("summarises whatever a model may send without failing", () => {
  expect(summarize(undefined)).toBe("");
  expect(summarize("plain\n  words")).toBe("plain words");
  expect(summarize([1])).toBe("1 item");
  expect(summarize({ text: "x".repeat(5000) }).length).toBeLessThan(200);
});

it("prints a circular value instead of throwing", () => {
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  expect(toText(loop)).toBe("This value can't be displayed.");
});

it("says that a call did not finish when the answer is over", () => {
  const part: ToolPart = { type: "tool-lookup", toolCallId: "1", state: "input-available", input: {} };
  expect(renderToString(<ToolCard part={part} isStreaming />)).toContain("Running");
  expect(renderToString(<ToolCard part={part} />)).toContain("Didn&#x27;t finish");
});

it("doesn't call a call with an unknown outcome done", () => {
  const part = (output: unknown): ToolPart => ({
    type: "tool-refund",
    toolCallId: "1",
    state: "output-available",
    input: {},
    output,
  });
  expect(
    renderToString(<ToolCard part={part({ $holdfast: "unknown-outcome", tool: "refund" })} />),
  ).toContain("Outcome unknown");
  for (const output of [
    { outcome: "happened" },
    { outcome: "unknown" },
    { skipped: true },
    "unknown",
    null,
    undefined,
  ])
    expect(renderToString(<ToolCard part={part(output)} />)).toContain("Done");
});

it("shows what it ran with when a person changed the arguments", () => {
  const part: ToolPart = {
    type: "tool-refund",
    toolCallId: "1",
    state: "output-available",
    input: { amount: 20 },
    output: { $holdfast: "edited", approvedInput: { amount: 7.5 }, result: { refundId: "r" } },
  };
  const html = renderToString(<ToolCard part={part} />);
  expect(html).toContain("7.5");
  const { $holdfast: _, ...unmarked } = part.output as { $holdfast: string };
  expect(renderToString(<ToolCard part={{ ...part, output: unmarked }} />)).not.toContain("7.5");
});

it("shows a state that it does not know", () => {
  const part = {
    type: "tool-lookup",
    toolCallId: "1",
    state: "from-the-future",
    input: {},
  } as unknown as ToolPart;
  expect(renderToString(<ToolCard part={part} />)).toContain("Unknown state");
});

it("writes durations as a person would", () => {
  expect([0.2, 34, 412, 9_960, 61_200].map(formatDuration)).toEqual([
    "1 ms",
    "34 ms",
    "0.4 s",
    "10 s",
    "1 min 1 s",
  ]);
});
