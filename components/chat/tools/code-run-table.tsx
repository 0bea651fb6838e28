"use client";

import { useId } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import { ScrollBox } from "@/components/ui/scroll-box";
import { cn } from "@/lib/utils";
import { stripBidi } from "../shared/strip-bidi";

type Cell = string | number | boolean | null;

export type CodeTableData = {
  columns: string[];
  rows: Cell[][];
  /** How many rows and columns the code returned; fewer may be here. */
  totalRows: number;
  totalColumns: number;
};

export type CodeRunTableProps = { table: CodeTableData; label: string };

/** A table that code returned. It scrolls inside its own box. */
export function CodeRunTable({
  table: { columns, rows, totalRows, totalColumns },
  label,
}: CodeRunTableProps) {
  const id = useId();
  const isNumeric = columns.map((_, index) =>
    rows.every((row) => typeof row[index] === "number" || row[index] === null),
  );
  return (
    <div data-slot="code-run-table">
      <div className="flex h-7 items-center justify-between text-xs text-ink-3 tabular-nums pointer-coarse:h-11">
        <span id={id}>
          <span className="sr-only">{label}: </span>
          {counted(rows.length, totalRows, "row")}
          {columns.length < totalColumns && `, ${counted(columns.length, totalColumns, "column")}`}
        </span>
        <CopyButton text={() => asCsv(columns, rows)} label="Copy as CSV" />
      </div>
      <ScrollBox aria-labelledby={id} className="max-h-80 rounded-sm border">
        <table className="w-full border-separate border-spacing-0 text-[13px] tabular-nums">
          <thead>
            <tr>
              {columns.map((name, index) => (
                <th
                  key={index}
                  scope="col"
                  className={cn(
                    "sticky top-0 border-b bg-raised px-3 py-1.5 text-left font-[550] whitespace-nowrap",
                    isNumeric[index] && "text-right",
                  )}
                >
                  {stripBidi(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index} className="[&:not(:last-child)>td]:border-b">
                {columns.map((_, column) => (
                  <td
                    key={column}
                    dir="auto"
                    className={cn(
                      "max-w-80 px-3 py-1.5 align-top wrap-anywhere",
                      isNumeric[column] && "text-right whitespace-nowrap",
                    )}
                  >
                    {shown(row[column])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </div>
  );
}

function counted(shown: number, total: number, unit: string) {
  const all = `${total.toLocaleString("en")} ${unit}${total === 1 ? "" : "s"}`;
  return shown < total ? `${shown.toLocaleString("en")} of ${all}` : all;
}

function shown(value: Cell | undefined) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return value.toLocaleString("en", { maximumSignificantDigits: 12 });
  return stripBidi(String(value));
}

/** A spreadsheet would run a cell that begins like a formula. */
function asCsv(columns: string[], rows: Cell[][]) {
  const quoted = (value: Cell | undefined) => {
    if (value === null || value === undefined) return "";
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(quoted).join(",")).join("\n");
}
