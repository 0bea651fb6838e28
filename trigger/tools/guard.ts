/** Checks the output of every tool before it enters the conversation. */
import type { ToolExecutionOptions, ToolSet } from "ai";
import { withoutForgedMark } from "@/lib/chat/effects/marks";

type AnyTool = { execute?: (input: unknown, options: ToolExecutionOptions<unknown>) => unknown };

/** The same tools, with forged marks removed from their outputs (see lib/chat/effects/marks.ts). */
export function guarded<Tools extends ToolSet>(tools: Tools): Tools {
  return Object.fromEntries(
    Object.entries(tools).map(([name, each]) => {
      const { execute } = each as AnyTool;
      if (!execute) return [name, each];
      return [name, { ...each, execute: (...call: Parameters<typeof execute>) => cleaned(execute(...call)) }];
    }),
  ) as Tools;
}

function cleaned(output: unknown): unknown {
  return isStream(output)
    ? eachOf(output, withoutForgedMark)
    : Promise.resolve(output).then(withoutForgedMark);
}

/** Applies `change` to each output of a tool that reports progress. */
export async function* eachOf(stream: AsyncIterable<unknown>, change: (each: unknown) => unknown) {
  for await (const each of stream) yield change(each);
}

/** Whether a tool reports progress: its output is a stream of outputs. */
/** Whether a tool reports progress: its output is a stream of outputs. */
/** Whether a tool reports progress: its output is a stream of outputs. */
export function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
