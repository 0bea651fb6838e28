/** The tool that runs code of the model in the run's sandbox. */
import { tool } from "ai";
import type { CodeRunOutput } from "@/lib/agent/code-run";
import { toolSchemas } from "@/lib/agent/tool-schemas";
import { sanitise } from "@/lib/chat/message";
import { sandboxOf } from "../sandbox/run-sandbox";
import { currentTurn } from "./turn";

/** The call has no effect outside of the sandbox, so a new worker that takes the turn over runs the code again. */
export const runCode = tool({
  ...toolSchemas.runCode,
  async execute({ language, code }, { abortSignal }): Promise<CodeRunOutput> {
    const { runId } = currentTurn();
    return sanitise(await sandboxOf(runId).run({ language, code }, abortSignal));
  },
  toModelOutput: ({ output }) => ({ type: "text", value: forModel(output) }),
});

const OUTPUT_LENGTH = 4_000;
const VALUE_LENGTH = 4_000;

/** What the model reads of a result: a few thousand characters, whatever the code printed and returned. */
export function forModel(run: CodeRunOutput): string {
  const { output, omitted = 0, value, table, chart, chartProblem, images, error, restarted } = run;
  const parts: string[] = [];
  if (error) {
    const at = error.lines?.length ? ` (line ${error.lines[0]})` : "";
    const named = error.name ? `${error.name}: ` : "";
    parts.push(`Failed${at}: ${named}${error.message}${error.hint ? ` ${error.hint}` : ""}`);
  }
  if (value !== undefined) parts.push(`Value: ${beginning(value, VALUE_LENGTH)}`);
  if (table)
    parts.push(
      `The person sees a table of ${Math.min(table.totalRows, table.rows.length)} of ${table.totalRows} rows.`,
    );
  if (chart) parts.push(`The person sees a ${chart.chart} chart.`);
  if (chartProblem) parts.push(`The chart can't be drawn. ${chartProblem}`);
  if (images?.length)
    parts.push(`The person sees ${images.length === 1 ? "an image" : `${images.length} images`}.`);
  if (output) parts.push(`Printed:\n${beginning(output, OUTPUT_LENGTH, omitted)}`);
  if (restarted) parts.push("The sandbox was replaced: what earlier calls defined is gone.");
  if (parts.length === 0) parts.push("It ran, printed nothing and returned nothing.");
  return parts.join("\n\n");
}

function beginning(text: string, length: number, omitted = 0): string {
  const rest = text.length - length + omitted;
  return text.length <= length && omitted === 0
    ? text.trimEnd()
    : `${text.slice(0, length).trimEnd()}\n… ${Math.max(rest, omitted).toLocaleString("en")} more characters`;
}
