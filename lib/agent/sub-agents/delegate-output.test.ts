import type { UIMessage } from "ai";
import { describe, expect, it } from "vitest";
import { findingOf, stepsOf } from "./delegate-output";
import { sayStep } from "./step-sentences";

describe("a step is a sentence", () => {
  it.each([
    ["lookUp", { topic: "courier days in Oslo", step: 1 }, "Looked up courier days in Oslo"],
    ["weather", { city: "Oslo" }, "Checked the weather in Oslo"],
    ["currentTime", {}, "Checked the time in UTC"],
    ["refund", { orderId: "A-1", amount: 20, currency: "EUR" }, "Refunded 20 EUR of order A-1"],
    ["deleteRecords", { collection: "logs", olderThan: "2024-01-31" }, "Deleted logs from before 2024-01-31"],
    ["sendEmail", { to: "ada@example.com" }, "Sent an email to ada@example.com"],
    ["toString", {}, "Used toString"],
    ["weather", null, "Checked the weather in …"],
    ["weather", { city: { $ne: 1 } }, "Checked the weather in …"],
  ])("%s", (tool, input, sentence) => {
    expect(sayStep(tool, input, "done")).toBe(sentence);
  });

  it("that is short", () => {
    expect(sayStep("lookUp", { topic: "a".repeat(5_000) }, "done")).toHaveLength(160);
  });
});

const call = (state: string, tool = "weather") =>
  ({ type: `tool-${tool}`, toolCallId: state, state, input: { city: "Oslo" } }) as UIMessage["parts"][number];

it("a call that neither ended nor waits is running, or did not end", () => {
  const parts = [
    "input-streaming",
    "input-available",
    "output-available",
    "output-error",
    "approval-requested",
  ].map((state) => call(state));
  expect(stepsOf(parts).map(({ state }) => state)).toEqual(["running", "done", "failed", "waiting"]);
  expect(stepsOf(parts, true)[0]).toMatchObject({
    state: "failed",
    title: "Couldn't check the weather in Oslo",
  });
  expect(stepsOf([call("input-available", "askQuestion")], true)[0]?.state).toBe("waiting");
});

it("the finding is what is said after the last call, or all that is said", () => {
  const said = { type: "text" as const, text: "Fog." };
  expect(findingOf([{ type: "text", text: "Let me look." }, call("output-available"), said])).toBe("Fog.");
  expect(findingOf([said, call("output-available")])).toBe("Fog.");
});
