import type { UIMessage } from "ai";
import { expect, it } from "vitest";
import { answerState, runningTool } from "../turn-state";

const call = (id: string, state: string, preliminary?: boolean) =>
  ({ type: "tool-delegate", toolCallId: id, state, input: {}, output: {}, preliminary, title: id }) as never;
const answer = (...parts: UIMessage["parts"]): UIMessage => ({ id: "a", role: "assistant", parts });

it.each([
  ["one that reports its progress", [call("a", "output-available", true)], "using-tool", "a"],
  ["one of several", [call("a", "output-available", true), call("b", "output-available")], "using-tool", "a"],
  ["none", [call("a", "output-available"), call("b", "output-error")], "thinking", undefined],
  [
    "none before words",
    [call("a", "input-available"), { type: "text" as const, text: "!" }],
    "answering",
    undefined,
  ],
])("a call at work: %s", (_, parts, state, tool) => {
  expect(answerState(answer(...parts))).toBe(state);
  expect(runningTool(answer(...parts))).toBe(tool);
});
