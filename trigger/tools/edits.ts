/** Runs a tool with the arguments that a person edited before approving. */
import type { Tool, ToolExecutionOptions, ToolSet } from "ai";
import { markOf, marked, withoutForgedMark } from "@/lib/chat/effects/marks";
import { unknownOutcomeOf } from "@/lib/chat/effects/unknown-outcome";
import { editedInput } from "../agent/history/continuation";
import { eachOf, isStream } from "./guard";

/** The output of an edited call. It tells the model which arguments ran. */
type Edited = { approvedInput: unknown; result: unknown };

/** Any tool, as it is called. */
type AnyTool = {
  execute?: (input: unknown, options: ToolExecutionOptions<unknown>) => unknown;
  toModelOutput?: Tool["toModelOutput"];
};

/**
 * The same tools, each running with the approved arguments. It wraps the whole set, so that no tool can offer "Edit
 * details" and then run what was proposed.
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
    // The card of an unknown outcome already shows which arguments ran.
    return unknownOutcomeOf(own) ? own : marked("edited", { approvedInput, result: own });
  };
  return isStream(result) ? eachOf(result, note) : Promise.resolve(result).then(note);
}

function isEdited(output: unknown): output is Edited {
  return markOf(output) === "edited";
}
