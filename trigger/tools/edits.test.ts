/** What a person made of the arguments is what runs, whatever tool it is. */
import { tool, type ToolExecutionOptions } from "ai";
import { beforeEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { withEdits } from "./edits";
import { tools } from "./execute";

const edits = new Map<string, unknown>();
vi.mock(import("../agent/history/continuation"), async (original) => ({
  ...(await original()),
  editedInput: (id: string) => (edits.has(id) ? { input: edits.get(id) } : undefined),
}));

beforeEach(() => edits.clear());

const options: ToolExecutionOptions<unknown> = { toolCallId: "c1", messages: [], context: undefined };
const inputSchema = z.object({ amount: z.number() });

it("holds for every tool of the agent, also one that does nothing about it itself", async () => {
  const run = (city: string) => tools.weather.execute!({ city }, options as never);
  const bergen = await run("Bergen");
  expect(bergen).toMatchObject({ city: "Bergen" });
  edits.set("c1", { city: "Bergen" });
  expect(await run("Oslo")).toEqual({
    $holdfast: "edited",
    approvedInput: { city: "Bergen" },
    result: bergen,
  });
});

it("holds for a tool that shows how far it is", async () => {
  edits.set("c1", { amount: 7 });
  const { counting } = withEdits({
    counting: tool({
      inputSchema,
      async *execute({ amount }) {
        yield { amount, isDone: false };
        yield { amount, isDone: true };
      },
    }),
  });
  const shown: unknown[] = [];
  for await (const output of counting.execute!({ amount: 20 }, options) as AsyncIterable<unknown>)
    shown.push(output);
  expect(shown).toEqual([
    { $holdfast: "edited", approvedInput: { amount: 7 }, result: { amount: 7, isDone: false } },
    { $holdfast: "edited", approvedInput: { amount: 7 }, result: { amount: 7, isDone: true } },
  ]);
});

it("tells the model what ran, in the words of the tool", async () => {
  edits.set("c1", { amount: 7 });
  const { paying } = withEdits({
    paying: tool({
      inputSchema,
      execute: ({ amount }) => ({ paid: amount, receipt: "long" }),
      toModelOutput: ({ input, output }) => ({ type: "text", value: `${output.paid} of ${input.amount}` }),
    }),
  });
  const input = { amount: 20 };
  const output = await paying.execute!(input, options);
  expect(await paying.toModelOutput!({ toolCallId: "c1", input, output: output as never })).toEqual({
    type: "json",
    value: { approvedInput: { amount: 7 }, result: "7 of 7" },
  });
  edits.clear();
  const plain = await paying.execute!(input, options);
  expect(await paying.toModelOutput!({ toolCallId: "c1", input, output: plain as never })).toEqual({
    type: "text",
    value: "20 of 20",
  });
});
