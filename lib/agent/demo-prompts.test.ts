import { expect, it } from "vitest";
import { demoPrompts, welcomeFor } from "./demo-prompts";

it("offers every demo while only the demo model answers", () => {
  expect(welcomeFor([{ id: "demo" }])).toMatchObject({ title: "Try to break it", prompts: demoPrompts });
});

it("offers a real model no crash and no failure", () => {
  const { title, prompts } = welcomeFor([{ id: "anthropic:claude" }, { id: "openai:gpt" }]);
  expect(title).toBe("How can I help?");
  const dropped = demoPrompts.filter((prompt) => !prompts.includes(prompt));
  expect(dropped.map(({ prompt }) => prompt)).toEqual(["Crash the worker", "Show me an error"]);
});
