import { generateText, stepCountIs, streamText, type ModelMessage } from "ai";
import { describe, expect, it, vi } from "vitest";
import { demoModel, type DemoModelOptions } from "@/lib/agent/demo/model";
import { demoPrompts } from "@/lib/agent/demo-prompts";
import { tools } from "../tools/execute";

type RunOptions = DemoModelOptions & { before?: ModelMessage[]; recovered?: boolean; signal?: AbortSignal };

function runModel(prompt: string, { before = [], recovered = false, signal, ...settings }: RunOptions = {}) {
  return streamText({
    model: demoModel({ paceMs: 0, ...settings }),
    messages: [...before, { role: "user", content: prompt }],
    tools,
    stopWhen: stepCountIs(5),
    providerOptions: { demo: { recovered } },
    onError: () => {},
    ...(signal ? { abortSignal: signal } : {}),
  });
}

const said = (...lines: string[]): ModelMessage[] =>
  lines.map((content, index) => ({ role: index % 2 ? "assistant" : "user", content }) as ModelMessage);

describe("the demo model", () => {
  it("says what it is", async () => {
    expect(await runModel("tell me about the moon").text).toMatch(
      /^I am the demo model: scripted and offline/,
    );
  });

  it("says the same to the same, streamed or not", async () => {
    const streamed = await runModel("Write a long answer").text;
    expect(await runModel("Write a long answer").text).toBe(streamed);
    const { text, usage, finishReason } = await generateText({
      model: demoModel(),
      prompt: "Write a long answer",
    });
    expect(text).toBe(streamed);
    expect(finishReason).toBe("stop");
    expect(usage.outputTokens).toBeGreaterThan(100);
    for (const markdown of ["## ", "### ", "1. ", "| --- |", "```ts", "- "]) expect(text).toContain(markdown);
  });

  it.each(demoPrompts)("knows its own suggestion: $prompt", async ({ prompt }) => {
    const parts: string[] = [];
    let failed = false;
    for await (const part of runModel(prompt, { crash: () => {} }).fullStream) {
      if (part.type === "text-delta") parts.push(part.text);
      if (part.type === "error") failed = true;
    }
    expect(parts.join("")).not.toContain("I cannot really answer");
    expect(failed).toBe(prompt === "Show me an error");
  });

  it("counts in one chunk per number, at the pace that the prompt asks for", async () => {
    const chunks: string[] = [];
    const begin = performance.now();
    for await (const chunk of runModel("count to 10 at 20 ms").textStream) chunks.push(chunk);
    expect(chunks).toEqual(["0", " 1", " 2", " 3", " 4", " 5", " 6", " 7", " 8", " 9", " 10"]);
    expect(performance.now() - begin).toBeGreaterThan(200);
    expect((await runModel("numbered tokens 2000").text).split(" ").map(Number)).toEqual(
      Array.from({ length: 2001 }, (_, index) => index),
    );
  });

  it("takes its pace from the environment", async () => {
    vi.stubEnv("DEMO_MODEL_PACE_MS", "30");
    const begin = performance.now();
    await streamText({ model: demoModel(), prompt: "count to 4" }).text;
    vi.unstubAllEnvs();
    expect(performance.now() - begin).toBeGreaterThan(140);
  });

  it("calls tools and answers from what they return", async () => {
    const result = runModel("What is the weather in Bergen and what time is it in Europe/Oslo?");
    expect(await result.text).toMatch(/In \*\*Bergen\*\* it is -?\d+ °C[\s\S]*\(Europe\/Oslo\)/);
    const steps = await result.steps;
    expect(steps.map((step) => step.finishReason)).toEqual(["tool-calls", "stop"]);
    expect(steps[0]?.toolCalls.map((call) => call.toolName)).toEqual(["weather", "currentTime"]);
  });

  it("remembers what the branch it is shown has said, the last word on each subject", async () => {
    const oslo = said("My city is Oslo", "Noted.");
    expect(await runModel("Which city?", { before: oslo }).text).toBe("Your city is Oslo.");
    expect(
      await runModel("What is my city?", { before: [...oslo, ...said("The city is Tokyo", "Noted.")] }).text,
    ).toBe("Your city is Tokyo.");
    expect(await runModel("Which city?").text).toBe("You haven't told me your city in this branch.");
    expect(await runModel("What did I say?", { before: oslo }).text).toContain("1. My city is Oslo");
    expect(await runModel("What is the weather?", { before: oslo }).text).toContain("**Oslo**");
  });

  it("crashes the worker in the middle of the answer, and not again once it was recovered", async () => {
    const crash = vi.fn(() => {
      throw new Error("dead");
    });
    let text = "";
    await expect(async () => {
      for await (const part of runModel("Crash the worker", { crash }).fullStream) {
        if (part.type === "text-delta") text += part.text;
        if (part.type === "error") throw part.error;
      }
    }).rejects.toThrow("dead");
    expect(text).toContain("Line 4 of 10");
    expect(text).not.toContain("Line 5 of 10");

    expect(await runModel("Crash the worker", { crash, recovered: true }).text).toContain("Line 10 of 10");
    expect(crash).toHaveBeenCalledTimes(1);
    await runModel("Crash the worker every time", { crash, recovered: true }).consumeStream();
    expect(crash).toHaveBeenCalledTimes(2);
  });

  it("stops at once when it is aborted, however slow it is", async () => {
    const controller = new AbortController();
    const begin = performance.now();
    setTimeout(() => controller.abort(), 30);
    await runModel("count to 5 at 60000 ms", { signal: controller.signal }).consumeStream();
    expect(performance.now() - begin).toBeLessThan(1_000);
  });

  it("thinks when asked to", async () => {
    expect(await runModel("Think about it").reasoningText).toContain("I only have a script");
  });
});
