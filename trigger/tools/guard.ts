/** Between every tool and the conversation, whoever made the tool. */
import type { ToolExecutionOptions, ToolSet } from "ai";
import { withoutForgedMark } from "@/lib/chat/effects/marks";

type AnyTool = { execute?: (input: unknown, options: ToolExecutionOptions<unknown>) => unknown };

/** The same tools, none of which can pass its output off as one of ours (`lib/chat/effects/marks.ts`). */
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

/** What shows how far it is, with each of its outputs changed. */
export async function* eachOf(stream: AsyncIterable<unknown>, change: (each: unknown) => unknown) {
  for await (const each of stream) yield change(each);
}

export function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
