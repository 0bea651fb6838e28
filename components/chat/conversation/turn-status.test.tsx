import type { UIMessage } from "ai";
import { expect, it } from "vitest";
import { renderToString } from "react-dom/server";
import { TabNotice } from "../composer/tab-notice";
import { answerState, isWaitingForHuman, runningTool } from "../durable/turn-state";
import type { TurnState } from "../durable/turn-state";
import { TurnStatus, turnStates } from "./turn-status";

const nothing = () => {};
const text = (html: string) => html.replaceAll(/<!--.*?-->|<[^>]*>/g, "");
const call = (state: string, more: object = {}) => ({
  type: "tool-refund",
  toolCallId: "c",
  state,
  input: {},
  ...more,
});
const answer = (...parts: object[]) => ({ id: "a", role: "assistant", parts }) as unknown as UIMessage;

it("reads what an answer is doing from its newest part", () => {
  const states = [
    answer(),
    answer({ type: "reasoning", text: "Hm" }),
    answer({ type: "text", text: "Yes" }),
    answer(call("input-streaming")),
    answer(call("input-available")),
    answer(call("output-available", { output: 1 })),
  ].map(answerState);
  expect(states).toEqual([undefined, "answering", "answering", "using-tool", "using-tool", "thinking"]);
});

it("names the tool that is at work, and none that has ended", () => {
  expect(runningTool(answer(call("input-available")))).toBe("Refund");
  expect(runningTool(answer(call("input-available", { title: "Refund an order" })))).toBe("Refund an order");
  expect(runningTool(answer(call("output-available", { output: 1 })))).toBeUndefined();
  expect(text(renderToString(<TurnStatus state="using-tool" tool="refund" />))).toBe("Using refund…");
  expect(text(renderToString(<TurnStatus state="using-tool" />))).toBe("Using a tool…");
});

it("waits for a person while a call has neither approval nor answer, whatever other parts there are", () => {
  const words = { type: "text", text: "May I?" };
  expect(isWaitingForHuman(answer(call("approval-requested"), words))).toBe(true);
  expect(isWaitingForHuman(answer(words, call("input-available")))).toBe(true);
  expect(isWaitingForHuman(answer(call("input-available", { providerExecuted: true })))).toBe(false);
  expect(isWaitingForHuman(answer(call("output-denied")))).toBe(false);
  expect(isWaitingForHuman({ ...answer(call("approval-requested")), role: "user" })).toBe(false);
});

it("offers Retry only for a failed, stopped or stuck turn", () => {
  const states = Object.keys(turnStates) as TurnState[];
  const offering = (label: string) =>
    states.filter((state) =>
      renderToString(<TurnStatus state={state} onRetry={nothing} onStop={nothing} />).includes(label),
    );
  expect(offering(">Retry<")).toEqual(["stalled", "stopped", "failed"]);
  expect(offering(">Stop<")).toEqual(["stalled"]);
});

it("says once where the chat is active, and offers to take over only then", () => {
  const html = renderToString(<TabNotice remoteWriter="tab" onTakeOver={nothing} />);
  expect(html).toMatch(/<output[^>]*>This chat is active in another tab\. View only\. Take over to write\.</);
  expect(html).toMatch(/<p aria-hidden="true"[^>]*>This chat is active in another tab</);
  expect(html).toContain("Take over");
  expect(renderToString(<TabNotice remoteWriter="device" onTakeOver={nothing} />)).toContain(
    "another device",
  );
  const quiet = renderToString(<TabNotice remoteWriter={undefined} onTakeOver={nothing} />);
  expect(text(quiet)).toBe("");
  expect(quiet).toContain("<output");
});
