import type { LanguageModelV4, LanguageModelV4Content, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";
import { describe, expect, it } from "vitest";
import { withUniqueCallIds } from "./call-ids";

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};
const finishReason = { unified: "tool-calls", raw: "tool_calls" } as const;
const earlier = {
  role: "assistant" as const,
  content: [{ type: "tool-call" as const, toolCallId: "call_0", toolName: "refund", input: {} }],
};

const start = (id: string): LanguageModelV4StreamPart => ({
  type: "tool-input-start",
  id,
  toolName: "refund",
});
const delta = (id: string, text: string): LanguageModelV4StreamPart => ({
  type: "tool-input-delta",
  id,
  delta: text,
});
const end = (id: string): LanguageModelV4StreamPart => ({ type: "tool-input-end", id });
const call = (toolCallId: string, input: string, more: object = {}) =>
  ({ type: "tool-call", toolCallId, toolName: "refund", input, ...more }) as const;
const result = (toolCallId: string, value: string, more: object = {}) =>
  ({ type: "tool-result", toolCallId, toolName: "refund", result: value, ...more }) as const;

async function stream(
  parts: LanguageModelV4StreamPart[],
  prompt: unknown[] = [],
  options: { always?: boolean } = {},
) {
  const model = new MockLanguageModelV4({
    doStream: async () => ({ stream: simulateReadableStream({ chunks: parts }) }),
  });
  const answer = await withUniqueCallIds(model as LanguageModelV4, options).doStream({
    prompt: prompt as never,
  });
  const read: LanguageModelV4StreamPart[] = [];
  for await (const part of answer.stream as unknown as AsyncIterable<LanguageModelV4StreamPart>)
    read.push(part);
  return read;
}

/** Which id each part has, by the order in which new ones come. */
function shape(parts: readonly { type: string }[]) {
  const ids = parts.map(
    (part) => ("toolCallId" in part ? part.toolCallId : (part as { id?: string }).id) as string,
  );
  const known = [...new Set(ids)];
  return { ids, which: parts.map(({ type }, index) => `${type} ${known.indexOf(ids[index]!)}`) };
}

describe("the ids of tool calls", () => {
  it("stay as the provider gives them while they are unique", async () => {
    const given = [start("call_0"), delta("call_0", "{}"), end("call_0"), call("call_0", "{}")];
    expect(await stream(given)).toEqual(given);
  });

  it.each([
    ["is in the conversation", "call_0", [earlier]],
    ["is empty", "", []],
  ])("become ours, in every part, when the given one %s", async (_, id, prompt) => {
    const parts = await stream(
      [start(id), delta(id, "{}"), end(id), call(id, "{}"), result(id, "x")],
      prompt,
    );
    const [first, ...others] = shape(parts).ids;
    expect(first).toMatch(/^[A-Za-z0-9]{9}$/);
    expect(new Set(others)).toEqual(new Set([first]));
  });

  it("tell two calls of one answer apart, whichever is finished when", async () => {
    const [a, b] = ['{"a":1}', '{"b":2}'];
    const inTurn = [start("call_0"), delta("call_0", a), end("call_0"), call("call_0", a), start("call_0")];
    const first = await stream([...inTurn, delta("call_0", b), end("call_0"), call("call_0", b)]);
    expect(shape(first).which).toEqual([
      "tool-input-start 0",
      "tool-input-delta 0",
      "tool-input-end 0",
      "tool-call 0",
      "tool-input-start 1",
      "tool-input-delta 1",
      "tool-input-end 1",
      "tool-call 1",
    ]);
    expect(shape(first).ids[0]).toBe("call_0");
    const atTheEnd = [
      start(""),
      delta("", a),
      start(""),
      delta("", b),
      end(""),
      call("", a),
      end(""),
      call("", b),
    ];
    expect(shape(await stream([...atTheEnd, result("", "of a"), result("", "of b")])).which).toEqual([
      "tool-input-start 0",
      "tool-input-delta 0",
      "tool-input-start 1",
      "tool-input-delta 1",
      "tool-input-end 0",
      "tool-call 0",
      "tool-input-end 1",
      "tool-call 1",
      "tool-result 0",
      "tool-result 1",
    ]);
  });

  it("are the provider's for what the provider runs itself, also when a later answer comes back to it", async () => {
    const own = { providerExecuted: true };
    const approval = { type: "tool-approval-request", approvalId: "a", toolCallId: "call_0" } as const;
    const given = [
      call("call_0", "{}", own),
      approval,
      result("call_0", "x"),
      result("call_9", "of an earlier one"),
    ];
    expect(await stream(given, [earlier])).toEqual(given);
    const unnamed = shape(
      await stream([call("", "{}", own), { ...approval, toolCallId: "" }, result("", "x")]),
    );
    expect(unnamed.ids[0]).toMatch(/^[A-Za-z0-9]{9}$/);
    expect(new Set(unnamed.ids).size).toBe(1);
  });

  it("are ours for every call of a model that sees a part of the message only", async () => {
    const parts = shape(await stream([start("call_7"), call("call_7", "{}")], [], { always: true }));
    expect(parts.ids[0]).toMatch(/^[A-Za-z0-9]{9}$/);
    expect(parts.which).toEqual(["tool-input-start 0", "tool-call 0"]);
  });

  it("are given to a whole answer as to a streamed one", async () => {
    const content: LanguageModelV4Content[] = [
      call("call_0", "{}"),
      call("call_0", "{}"),
      result("call_0", "x"),
      result("call_0", "y"),
    ];
    const model = new MockLanguageModelV4({ doGenerate: { content, finishReason, usage, warnings: [] } });
    const answer = await withUniqueCallIds(model as LanguageModelV4).doGenerate({
      prompt: [earlier] as never,
    });
    const { ids, which } = shape(answer.content);
    expect(which).toEqual(["tool-call 0", "tool-call 1", "tool-result 0", "tool-result 1"]);
    expect(ids).not.toContain("call_0");
  });
});
