import { runInMockTaskContext } from "@trigger.dev/core/v3/test";
import { expect, it } from "vitest";
import { askedThisTurn, beginTurn } from "./turn";

const question = { id: "u1", role: "user" as const, parts: [] };
const answer = (...asked: string[]) => ({
  id: "a1",
  role: "assistant" as const,
  parts: asked.map((toolCallId, index) => ({
    type: "tool-delegate" as const,
    toolCallId: `call_${index}`,
    state: "output-available" as const,
    input: {},
    output: {
      $holdfast: "sub-agent",
      state: "done",
      requests: [{ toolCallId, tool: "askQuestion", input: {}, waits: false }],
    },
  })),
});
const begin = (...messages: Parameters<typeof beginTurn>[0]["messages"]) =>
  beginTurn({ chatId: "c1", answerId: "a1", runId: "run_1", messages });

it("counts what an answer asks, also what its sub-agents asked before it went on", () =>
  runInMockTaskContext(async () => {
    begin(question, answer("q1", "q2"));
    askedThisTurn().add("q3");
    expect([...askedThisTurn()]).toEqual(["q1", "q2", "q3"]);
    begin(question, answer("q1"), { ...question, id: "u2" });
    expect(askedThisTurn().size).toBe(0);
  }));
