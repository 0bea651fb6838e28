/** Checks a chart that code returned. */
import { chartSchema, type CodeRunOutput } from "@/lib/agent/code-run";

/** The chart, or why it can't be drawn. Nothing for a value that is no chart. */
export function asChart(value: unknown): Pick<CodeRunOutput, "chart" | "chartProblem"> {
  if (value === undefined) return {};
  const { data, error } = chartSchema.safeParse(value);
  if (data) return { chart: data };
  const [issue] = error.issues;
  const where = issue?.path.join(".") ?? "";
  return {
    chartProblem: `${where ? `\`${where}\`: ` : ""}${issue?.message ?? "It isn't a chart."}`.slice(0, 300),
  };
}
