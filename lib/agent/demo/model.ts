/**
 * A language model without a network, for first steps and tests: its answer depends only on the prompt. It is a real AI
 * SDK provider, so its path through the product is that of a paid model.
 */
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { generateId } from "ai";
import { env } from "@/lib/env";
import type { Beat } from "./beat";
import { scenarioFor } from "./scenarios";
import { demoTitle } from "./title";

const MODEL_ID = "demo";

/** The message is for the person who reads the chat. */
export class DemoModelError extends Error {
  override name = "DemoModelError";
}

export type DemoModelOptions = {
  /** Pause between chunks. Default: `DEMO_MODEL_PACE_MS`, else 18. A prompt can set another ("at 50 ms"). */
  paceMs?: number;
  /** How "crash the worker" ends the process. Default: with SIGKILL. */
  crash?: () => void;
};

export function demoModel(settings: DemoModelOptions = {}): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "holdfast.demo",
    modelId: MODEL_ID,
    supportedUrls: {},

    async doStream(options) {
      return { stream: streamOf(play(options, settings)) };
    },

    async doGenerate(options) {
      const content: LanguageModelV4Content[] = [];
      let end: Extract<LanguageModelV4StreamPart, { type: "finish" }> | undefined;
      for await (const part of play(options, { ...settings, paceMs: 0 })) {
        if (part.type === "text-delta") append(content, "text", part.delta);
        if (part.type === "reasoning-delta") append(content, "reasoning", part.delta);
        if (part.type === "tool-call") content.push(part);
        if (part.type === "error") throw part.error;
        if (part.type === "finish") end = part;
      }
      if (!end) throw new DemoModelError("The demo model did not finish.");
      return { content, finishReason: end.finishReason, usage: end.usage, warnings: [] };
    },
  };
}

async function* play(
  options: LanguageModelV4CallOptions,
  settings: DemoModelOptions,
): AsyncGenerator<LanguageModelV4StreamPart> {
  const { abortSignal, prompt, tools = [] } = options;
  const { beats, paceMs } =
    options.providerOptions?.demo?.purpose === "title"
      ? demoTitle(prompt)
      : scenarioFor({
          prompt,
          tools: tools.map((tool) => tool.name),
          recovered: options.providerOptions?.demo?.recovered === true,
        });
  const pause = paceMs ?? settings.paceMs ?? env.DEMO_MODEL_PACE_MS;
  const output = { text: 0, reasoning: 0 };
  let called = false;

  yield { type: "stream-start", warnings: [] };
  yield { type: "response-metadata", id: generateId(), modelId: MODEL_ID, timestamp: new Date() };
  let open: { type: "text" | "reasoning"; id: string } | undefined;
  for (const beat of beats) {
    const lane = laneOf(beat);
    if (open && open.type !== lane && lane !== "none") {
      yield { type: `${open.type}-end`, id: open.id };
      open = undefined;
    }
    switch (beat.type) {
      case "wait":
        await wait(beat.ms, abortSignal);
        break;
      case "crash":
        (settings.crash ?? die)();
        break;
      case "fail":
        yield { type: "error", error: new DemoModelError(beat.message) };
        yield finish("error", prompt, output);
        return;
      case "tool": {
        const id = `call_${generateId()}`;
        const input = JSON.stringify(beat.input);
        yield { type: "tool-input-start", id, toolName: beat.name };
        yield { type: "tool-input-delta", id, delta: input };
        yield { type: "tool-input-end", id };
        await wait(pause, abortSignal);
        yield { type: "tool-call", toolCallId: id, toolName: beat.name, input };
        output.text += input.length;
        called = true;
        break;
      }
      case "text":
      case "reasoning":
      case "tokens": {
        const type = beat.type === "reasoning" ? "reasoning" : "text";
        if (!open) {
          open = { type, id: generateId() };
          yield { type: `${type}-start`, id: open.id };
        }
        for (const delta of beat.type === "tokens" ? beat.tokens : pieces(beat.text)) {
          await wait(pause, abortSignal);
          output[type] += delta.length;
          yield { type: `${type}-delta`, id: open.id, delta };
        }
      }
    }
  }
  if (open) yield { type: `${open.type}-end`, id: open.id };
  yield finish(called ? "tool-calls" : "stop", prompt, output);
}

/** Pulled chunk by chunk, so that a slow or closed reader pauses the script instead of filling the memory. */
function streamOf<T>(parts: AsyncGenerator<T>): ReadableStream<T> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
}

function laneOf(beat: Beat): "text" | "reasoning" | "tool" | "none" {
  switch (beat.type) {
    case "text":
    case "tokens":
      return "text";
    case "reasoning":
      return "reasoning";
    case "tool":
      return "tool";
    case "wait":
    case "crash":
    case "fail":
      return "none";
  }
}

/**
 * Splits text about as a tokenizer would: words, with long words in several pieces. Joined, they are the text again.
 */
function pieces(text: string): string[] {
  return text.match(/\s*\S{1,7}|\s+/gu) ?? [];
}

function finish(
  reason: LanguageModelV4FinishReason["unified"],
  prompt: LanguageModelV4CallOptions["prompt"],
  output: { text: number; reasoning: number },
): LanguageModelV4StreamPart {
  const tokens = (characters: number) => Math.ceil(characters / 4);
  const input = tokens(JSON.stringify(prompt).length);
  const usage: LanguageModelV4Usage = {
    inputTokens: { total: input, noCache: input, cacheRead: 0, cacheWrite: 0 },
    outputTokens: {
      total: tokens(output.text + output.reasoning),
      text: tokens(output.text),
      reasoning: tokens(output.reasoning),
    },
  };
  return { type: "finish", finishReason: { unified: reason, raw: reason }, usage };
}

/** Waits, or returns as soon as the call is aborted. */
function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    // Even without a pause, readers get a turn now and then, as with a network.
    const timer = ms > 0 ? setTimeout(done, ms) : setImmediate(done);
    function done() {
      signal?.removeEventListener("abort", stop);
      resolve();
    }
    function stop() {
      if (ms > 0) clearTimeout(timer as NodeJS.Timeout);
      else clearImmediate(timer as NodeJS.Immediate);
      reject(aborted(signal));
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function aborted(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error
    ? signal.reason
    : new DOMException("The answer was stopped.", "AbortError");
}

function append(content: LanguageModelV4Content[], type: "text" | "reasoning", delta: string): void {
  const last = content.at(-1);
  if (last?.type === type) last.text += delta;
  else content.push({ type, text: delta });
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}
