/** A table from data: an array of objects. */
import type { CodeCell, CodeTable } from "@/lib/agent/code-run";
import { codeLimits } from "./code-sandbox";

/** The first rows of a table, as many as a result may carry. */
export function withinSize(table: CodeTable): CodeTable {
  let room = codeLimits.tableLength;
  const end = table.rows.findIndex((row) => (room -= JSON.stringify(row).length) < 0);
  return end === -1 ? table : { ...table, rows: table.rows.slice(0, end) };
}

/** Undefined for a value that is no table. Rows, columns and cells are bounded. */
export function tableOf(value: unknown): CodeTable | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const shown: unknown[] = value.slice(0, codeLimits.rows);
  if (!shown.every(isRecord)) return undefined;
  const all = [...new Set(shown.flatMap((row) => Object.keys(row)))];
  if (all.length === 0) return undefined;
  const columns = all.slice(0, codeLimits.columns);
  return withinSize({
    columns: columns.map((name) => name.slice(0, codeLimits.cellLength)),
    rows: shown.map((row) => columns.map((name) => cell(row[name]))),
    totalRows: value.length,
    totalColumns: all.length,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cell(value: unknown): CodeCell {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean" || typeof value === "number") return value;
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, codeLimits.cellLength);
}
