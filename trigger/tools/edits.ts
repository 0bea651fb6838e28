/** What runs when a person changed the arguments before they approved. */
import type { Tool, ToolExecutionOptions, ToolSet } from "ai";
import { unknownOutcomeOf } from "@/lib/chat/unknown-outcome";
import { editedInput } from "../decisions";

/** The model is told what ran instead of what it proposed. */
type Edited = { approvedInput: unknown; result: unknown };

/** A tool of whatever types, as it is called. */
type AnyTool = {
  execute?: (input: unknown, options: ToolExecutionOptions<unknown>) => unknown;
  toModelOutput?: Tool["toModelOutput"];
};

/**
 * The same tools, and each runs with what was approved. For a whole set and not for one tool, so that none can offer
 * "Edit arguments" and then run what was proposed.
 */
export function withEdits<Tools extends ToolSet>(tools: Tools): Tools {
  return Object.fromEntries(
    Object.entries(tools).map(([name, each]) => [name, withEdit(each as AnyTool)]),
  ) as Tools;
}

function withEdit(tool: AnyTool): AnyTool {
  const { toModelOutput } = tool;
  return {
    ...tool,
    ...(tool.execute && {
      execute(input, options) {
        const edited = editedInput(options.toolCallId);
        const run = (given: unknown) => tool.execute!(given, options);
        return edited ? noting(edited.input, run(edited.input)) : run(input);
      },
    }),
    ...(toModelOutput && {
      async toModelOutput(options) {
        const output: unknown = options.output;
        if (!isEdited(output)) return toModelOutput(options);
        const { approvedInput, result } = output;
        const said = await toModelOutput({ ...options, input: approvedInput, output: result });
        if (said.type !== "json" && said.type !== "text") return said;
        return { type: "json", value: { approvedInput, result: said.value } as never };
      },
    }),
  };
}

function noting(approvedInput: unknown, result: unknown): unknown {
  // Of an unknown outcome the page has a card, and it says what ran.
  const note = (each: unknown) => (unknownOutcomeOf(each) ? each : { approvedInput, result: each });
  return isStream(result) ? mapped(result, note) : Promise.resolve(result).then(note);
}

async function* mapped(stream: AsyncIterable<unknown>, map: (each: unknown) => unknown) {
  for await (const each of stream) yield map(each);
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function isEdited(output: unknown): output is Edited {
  return typeof output === "object" && output !== null && "approvedInput" in output && "result" in output;
}
