"use client";

import { ScrollBox } from "@/components/ui/scroll-box";
import { isRecord, isSame, labelOfPath, toText } from "../shared/json";

export type ArgumentTableProps = {
  /** The table's accessible name: the tool. */
  label: string;
  /** The proposed value. */
  value: unknown;
  /** The edited value, if it was edited. */
  edited?: unknown;
  /** JSON Schema of the value. Its titles label the rows; without it, the humanized keys do. */
  schema?: unknown;
};

/** Arguments, one per row. An edited row shows the proposed and the current value. */
export function ArgumentTable({ label, value, edited, schema }: ArgumentTableProps) {
  const isEdited = edited !== undefined && edited !== null;
  const rows = rowsOf(value, isEdited ? edited : value);
  if (rows.length === 0) return <p className="text-[13px] text-ink-3">No details.</p>;
  return (
    <ScrollBox aria-label={`${label}: details`} className="max-h-96 rounded-[10px] border bg-surface">
      <dl data-slot="argument-table" className="text-[13.5px] leading-5">
        {rows.map(({ path, before, after }) => (
          <div
            key={path}
            className="grid grid-cols-[92px_minmax(0,1fr)] border-t first:border-t-0 sm:grid-cols-[128px_minmax(0,1fr)]"
          >
            <dt className="px-3 py-2 wrap-anywhere text-ink-3">
              {path ? labelOfPath(schema, path) : "Value"}
            </dt>
            <dd className="px-3 py-2 font-mono text-[13px] wrap-anywhere whitespace-pre-wrap">
              {isSame(before, after) ? (
                printed(after)
              ) : (
                <>
                  {before !== undefined && (
                    <del className="mr-2 text-ink-3 decoration-red">
                      <span className="sr-only">proposed </span>
                      {printed(before)}
                    </del>
                  )}
                  {after === undefined ? (
                    <ins className="font-sans text-ink-2 no-underline">removed</ins>
                  ) : (
                    <ins className="rounded-[4px] bg-kelp-soft px-1 text-kelp no-underline">
                      <span className="sr-only">now </span>
                      {printed(after)}
                    </ins>
                  )}
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </ScrollBox>
  );
}

type Row = { path: string; before: unknown; after: unknown };

const MAX_DEPTH = 3;

function rowsOf(before: unknown, after: unknown, path = "", depth = 0): Row[] {
  if (depth >= MAX_DEPTH || !(isRecord(before) || isRecord(after)))
    return before === undefined && after === undefined ? [] : [{ path, before, after }];
  // If one side isn't an object, the whole value is one row.
  if (![before, after].every((side) => side === undefined || isRecord(side)))
    return [{ path, before, after }];
  const [from, to] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}];
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((key) =>
    rowsOf(
      Object.hasOwn(from, key) ? from[key] : undefined,
      Object.hasOwn(to, key) ? to[key] : undefined,
      path ? `${path}.${key}` : key,
      depth + 1,
    ),
  );
}

/** Shows invisible and direction-changing characters, so that people see what they approve. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function printed(value: unknown): string {
  const text = toText(value).replace(
    UNSEEN,
    (character) => `\\u{${character.codePointAt(0)?.toString(16).padStart(4, "0")}}`,
  );
  return text || '""';
}
