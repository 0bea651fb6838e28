"use client";

import { type ReactNode, useState } from "react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { TABLE_ROWS } from "./pieces";

export type LongTableProps = {
  head: string;
  rows: string[];
  render: (markdown: string) => ReactNode;
};

/**
 * Renders a table of thousands of rows a few hundred at a time. All rows at once would block the page for many seconds.
 */
export function LongTable({ head, rows, render }: LongTableProps) {
  const [count, setCount] = useState(TABLE_ROWS);
  const whole = () => [head, ...rows].join("\n");
  return (
    <div data-slot="long-table">
      {render([head, ...rows.slice(0, count)].join("\n"))}
      <div className="-mt-1 mb-3 flex flex-wrap items-center gap-x-2 text-xs text-ink-3 tabular-nums">
        <span>
          {Math.min(count, rows.length).toLocaleString("en")} of {rows.length.toLocaleString("en")} rows
        </span>
        {count < rows.length && (
          <Button variant="ghost" size="sm" onClick={() => setCount(count + TABLE_ROWS)}>
            Show {Math.min(TABLE_ROWS, rows.length - count).toLocaleString("en")} more
          </Button>
        )}
        <CopyButton text={whole} label="Copy table" />
      </div>
    </div>
  );
}
