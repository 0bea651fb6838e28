import type { Figure } from "./statistics";

/** What `DESIGN.md` section 10 allows: an absolute value of ours, or one that relates to the first of the others. */
type Budget = { limit: number; of: "ours" | "ratio" | "difference" };

export type Row = {
  what: string;
  unit: "ms" | "MB" | "KB" | "%" | "/s" | "";
  ours: Figure;
  /** Measured in the same rounds, the one the budget is about first. */
  others?: Array<{ name: string; figure: Figure }>;
  budget?: Budget;
  /** What the reader must know to read the number right. */
  note?: string;
};

export type Result = { bench: string; rows: Row[]; seconds: number; error?: string };

/** Undefined: nobody has set a limit. */
export function isWithin({ ours, others, budget }: Row): boolean | undefined {
  if (!budget) return undefined;
  const other = others?.[0]?.figure.value ?? Number.NaN;
  switch (budget.of) {
    case "ours":
      return ours.value <= budget.limit;
    case "ratio":
      return ours.value <= other * budget.limit;
    case "difference":
      return ours.value - other <= budget.limit;
  }
}

export function printTable(results: Result[]): string {
  const lines = [["what", "ours", "range", "other", "range", "ratio", "budget", "within"]];
  for (const { bench, rows, error } of results) {
    lines.push([bench]);
    if (error !== undefined) lines.push([`  not measured: ${error}`]);
    for (const row of rows) lines.push(...linesOf(row));
  }
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.filter((line) => line.length > 1).map((line) => line[column]?.length ?? 0)),
  );
  const shown = lines.map((line) =>
    line
      .map((cell, column) => (line.length > 1 ? cell.padEnd(widths[column]!) : cell))
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  const notes = results.flatMap(({ rows }) => rows.flatMap(({ note }) => (note ? [note] : [])));
  return [shown[0], rule, ...shown.slice(1), ...[...new Set(notes)].map((note) => `  * ${note}`)].join("\n");
}

function linesOf(row: Row): string[][] {
  const { what, unit, ours, others = [], budget } = row;
  const within = isWithin(row);
  const first = others[0];
  return [
    [
      `  ${what}${row.note ? " *" : ""}`,
      withUnit(ours.value, unit),
      rangeOf(ours),
      first ? `${withUnit(first.figure.value, unit)} ${first.name}` : "",
      first ? rangeOf(first.figure) : "",
      first ? ratio(ours, first.figure) : "",
      budget ? budgetText(budget, unit) : "",
      within === undefined ? "" : within ? "yes" : "NO",
    ],
    ...others
      .slice(1)
      .map(({ name, figure }) => [
        "",
        "",
        "",
        `${withUnit(figure.value, unit)} ${name}`,
        rangeOf(figure),
        ratio(ours, figure),
        "",
        "",
      ]),
  ];
}

function budgetText({ limit, of }: Budget, unit: string): string {
  if (of === "ratio") return `≤ ${limit}×`;
  return `≤ ${of === "difference" ? "+" : ""}${limit}${unit ? ` ${unit}` : ""}`;
}

function ratio(ours: Figure, other: Figure): string {
  return other.value > 0 ? `${(ours.value / other.value).toFixed(2)}×` : "";
}

function rangeOf({ low, high, rounds }: Figure): string {
  return rounds > 1 ? `${short(low)}–${short(high)}` : "";
}

function withUnit(value: number, unit: string): string {
  return `${short(value)}${unit === "" || unit === "/s" || unit === "%" ? unit : ` ${unit}`}`;
}

function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });
}
