/** The tools of the agent with what they do. Only the worker imports this file. */
import { setTimeout } from "node:timers/promises";
import { tool, type ToolExecutionOptions } from "ai";
import { sanitise } from "@/lib/chat/message";
import { delegate } from "./delegate";
import { withEdits } from "./edits";
import { effectTools } from "./effect-tools";
import { longJob } from "./long-job";
import { runCode } from "./run-code";
import { answerSchemas, toolSchemas } from "@/lib/agent/tool-schemas";

const ownTools = {
  weather: tool({ ...toolSchemas.weather, execute: capped(weather) }),
  lookUp: tool({ ...toolSchemas.lookUp, execute: capped(lookUp) }),
  currentTime: tool({ ...toolSchemas.currentTime, execute: capped(currentTime) }),
  // A tool without `execute` waits until a person answers it.
  askQuestion: tool({ ...toolSchemas.askQuestion, outputSchema: answerSchemas.askQuestion }),
  askDelivery: tool({ ...toolSchemas.askDelivery, outputSchema: answerSchemas.askDelivery }),
  ...effectTools,
};

/** What a sub-agent may use. It can't delegate in turn: the work of a question ends at one level. */
export const subAgentTools = withEdits(ownTools);

export const tools = withEdits({ ...ownTools, runCode, delegate, longJob });

/** A stream record above about 1 MiB freezes the run, so outputs stay well below that. */
const MAX_OUTPUT_BYTES = 256 * 1024;

export type CappedOutput = { truncated: true; bytes: number; beginning: string };

/** Wrap every `execute` in this. A larger output is cut to its beginning and marked as truncated. */
function capped<Input, Output>(
  execute: (input: Input, options: ToolExecutionOptions<unknown>) => Output | Promise<Output>,
): (input: Input, options: ToolExecutionOptions<unknown>) => Promise<Output | CappedOutput> {
  return async (input, options) => {
    const output = sanitise(await execute(input, options));
    const text = JSON.stringify(output) ?? "null";
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_OUTPUT_BYTES) return output;
    // Escaping can double the text, so keep half of the limit.
    const beginning = Buffer.from(text)
      .subarray(0, MAX_OUTPUT_BYTES / 2)
      .toString("utf8");
    return { truncated: true, bytes, beginning: sanitise(beginning) };
  };
}

const conditions = ["clear sky", "light clouds", "light rain", "showers", "fog", "snow", "strong wind"];

function weather({ city }: { city: string }) {
  const seed = Buffer.from(city.toLowerCase()).reduce((sum, byte) => (sum * 31 + byte) % 9973, 7);
  return {
    city,
    temperatureCelsius: (seed % 35) - 5,
    conditions: conditions[seed % conditions.length] ?? "clear sky",
  };
}

const LOOK_UP_MS = 1_200;

async function lookUp(
  { topic, step }: { topic: string; step: number },
  { abortSignal }: { abortSignal?: AbortSignal },
) {
  await setTimeout(LOOK_UP_MS, undefined, { signal: abortSignal });
  return { topic, step, finding: `Source ${step} on ${topic} agrees with the others.` };
}

function currentTime({ timeZone = "UTC" }: { timeZone?: string | undefined }) {
  const now = new Date();
  try {
    const time = now.toLocaleString("en-GB", { timeZone, dateStyle: "full", timeStyle: "short" });
    return { timeZone, time, iso: now.toISOString() };
  } catch {
    throw new Error(`There is no time zone "${timeZone}". Use a name like Europe/Oslo.`);
  }
}
