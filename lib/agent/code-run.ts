/** What a call of `runCode` takes and returns. The worker writes it; the page shows it. */
import { z } from "zod";

export const codeLanguages = ["javascript", "typescript", "python"] as const;
export type CodeLanguage = (typeof codeLanguages)[number];

/** What the sandbox stopped the code for, or what the code did. */
type CodeErrorKind =
  | "thrown"
  | "syntax"
  | "time"
  | "memory"
  | "stack"
  | "crash"
  | "too-long"
  | "unsupported"
  | "unavailable";

export type CodeError = {
  kind: CodeErrorKind;
  /** The error as its language names it, for example "TypeError". */
  name?: string;
  message: string;
  /** What to do about it. */
  hint?: string;
  /** Lines of the person's code, innermost first. */
  lines?: number[];
};

export type CodeCell = string | number | boolean | null;
export type CodeTable = {
  columns: string[];
  rows: CodeCell[][];
  /** How many rows and columns there were; fewer may be shown. */
  totalRows: number;
  totalColumns: number;
};

const label = z.string().max(200);
/** The most points of all series together. */
const MAX_POINTS = 500;
const values = z.array(z.number()).min(1).max(MAX_POINTS);

/** A chart that code can return. */
export const chartSchema = z
  .object({
    chart: z.enum(["bar", "line"]),
    title: label.optional(),
    xLabel: label.optional(),
    yLabel: label.optional(),
    x: z
      .array(z.union([label, z.number()]))
      .min(1)
      .max(MAX_POINTS),
    y: values.optional(),
    series: z
      .array(z.object({ name: label, y: values }))
      .min(1)
      .max(6)
      .optional(),
  })
  .superRefine(({ x, y, series }, context) => {
    if ((y === undefined) === (series === undefined))
      context.addIssue({ code: "custom", path: ["y"], message: "Give either `y` or `series`." });
    const all = series ?? (y ? [{ name: "y", y }] : []);
    for (const { name, y: numbers } of all)
      if (numbers.length !== x.length)
        context.addIssue({
          code: "custom",
          path: ["x"],
          message: `\`x\` has ${x.length} values, but "${name}" has ${numbers.length}.`,
        });
    if (all.length * x.length > MAX_POINTS)
      context.addIssue({
        code: "custom",
        path: ["x"],
        message: `At most ${MAX_POINTS} points can be drawn.`,
      });
  })
  .transform(({ y, series, ...rest }) => ({
    ...rest,
    series: series ?? [{ name: rest.yLabel ?? "Value", y: y! }],
  }));

type CodeChart = z.output<typeof chartSchema>;

export type CodeRunOutput = {
  state: "done" | "failed";
  /** What the code printed. */
  output: string;
  /** Characters of the output that are left out. */
  omitted?: number;
  /** The returned value as text; absent when there is none. */
  value?: string;
  table?: CodeTable;
  chart?: CodeChart;
  /** Why the returned chart can't be drawn. */
  chartProblem?: string;
  /** Images as data URLs. */
  images?: string[];
  error?: CodeError;
  durationMs: number;
  /** Something was too long and is shortened. */
  truncated: boolean;
  /** The sandbox was replaced, so what earlier calls had defined is gone. */
  restarted?: boolean;
};
