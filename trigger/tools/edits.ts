/** What runs when a person changed the arguments before they approved. */
import type { Tool, ToolExecutionOptions, ToolSet } from "ai";
import { markOf, marked, withoutForgedMark } from "@/lib/chat/effects/marks";
import { unknownOutcomeOf } from "@/lib/chat/effects/unknown-outcome";
import { editedInput } from "../agent/continuation";
import { eachOf, isStream } from "./guard";

/** The model is told what ran instead of what it proposed. */
type Edited = { approvedInput: unknown; result: unknown };

/** A tool of whatever types, as it is called. */
type AnyTool = {
  execute?: (input: unknown, options: ToolExecutionOptions<unknown>) => unknown;
  toModelOutput?: Tool["toModelOutput"];
};

/**
 * The same tools, and each runs with what was approved. For a whole set and not for one tool, so that none can offer
 * "Edit details" and then run what was proposed.
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
  const note = (each: unknown) => {
    const own = withoutForgedMark(each);
    // Of an unknown outcome the page has a card, and it says what ran.
    return unknownOutcomeOf(own) ? own : marked("edited", { approvedInput, result: own });
  };
  return isStream(result) ? eachOf(result, note) : Promise.resolve(result).then(note);
}

function isEdited(output: unknown): output is Edited {
  return markOf(output) === "edited";
}
