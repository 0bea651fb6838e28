import { readUIMessageStream, simulateReadableStream, streamText, tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { expect, it } from "vitest";
import { z } from "zod";
import { watchDurations } from "./durations";

it("puts what a call and a thought took into the message's metadata, a failed call too", async () => {
  let time = 0;
  const watch = watchDurations(() => time);
  const call = (id: string, name: string) =>
    ({ type: "tool-call", toolCallId: id, toolName: name, input: "{}" }) as const;
  const model = new MockLanguageModelV4({
    doStream: {
      stream: simulateReadableStream({
        chunks: [
          { type: "stream-start", warnings: [] },
          { type: "reasoning-start", id: "r1" },
          { type: "reasoning-end", id: "r1" },
          call("c1", "works"),
          call("c2", "fails"),
          {
            type: "finish",
            finishReason: { unified: "stop", raw: "stop" },
            usage: {
              inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
              outputTokens: { total: 1, text: 1, reasoning: undefined },
            },
          },
        ],
      }),
    },
  });
  const result = streamText({
    model,
    prompt: "go",
    tools: {
      works: tool({ inputSchema: z.object({}), execute: () => "done" }),
      fails: tool({
        inputSchema: z.object({}),
        execute: (): string => {
          throw new Error("no");
        },
      }),
    },
  });
  const stream = result.toUIMessageStream({
    messageMetadata: ({ part }) => {
      time += 100;
      return watch(part);
    },
  });
  let metadata: unknown;
  for await (const message of readUIMessageStream({ stream })) metadata = message.metadata;
  const { durations } = metadata as { durations: Record<string, number> };
  expect(Object.keys(durations).toSorted()).toEqual(["c1", "c2", "r1"]);
  for (const ms of Object.values(durations)) expect(ms).toBeGreaterThan(0);
});

it("says nothing of an id that was used twice, of a preliminary output, or of what it did not see begin", () => {
  let time = 0;
  const watch = watchDurations(() => (time += 10));
  const part = (value: object) => watch(value as Parameters<typeof watch>[0]);
  expect(part({ type: "tool-result", toolCallId: "unseen" })).toBeUndefined();
  part({ type: "tool-call", toolCallId: "c" });
  expect(part({ type: "tool-result", toolCallId: "c", preliminary: true })).toBeUndefined();
  expect(part({ type: "tool-result", toolCallId: "c" })).toEqual({ durations: { c: 10 } });
  for (const ms of [10, null]) {
    part({ type: "reasoning-start", id: "0" });
    expect(part({ type: "reasoning-end", id: "0" })).toEqual({ durations: { 0: ms } });
  }
});
