"use client";

import { useEffect, useRef, useState } from "react";
import { Table2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import { stripBidi } from "../shared/strip-bidi";
import { type CodeChartData, layOut, type Plot } from "./chart-layout";
import { CodeRunTable } from "./code-run-table";

/** Told apart by their lightness and their dashes too, not by their color alone. */
const strokes = [
  { color: "var(--kelp)", dash: undefined },
  { color: "var(--amber)", dash: "6 3" },
  { color: "var(--code-title)", dash: "2 3" },
  { color: "var(--code-keyword)", dash: "8 3 2 3" },
  { color: "var(--red)", dash: "1 3" },
  { color: "var(--ink-3)", dash: "12 4" },
];

const HEIGHT = 240;

/** A simple chart of data that code returned, or the same data as a table. */
export function CodeRunChart({ chart }: { chart: CodeChartData }) {
  const [isTable, setIsTable] = useState(false);
  const { title, series } = chart;
  return (
    <figure data-slot="code-run-chart" className="flex flex-col gap-2">
      <figcaption className="flex min-h-7 items-center gap-2">
        <span dir="auto" className="min-w-0 flex-1 font-[550] wrap-anywhere">
          {stripBidi(title ?? "")}
        </span>
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label="Show as table"
          title="Show as table"
          aria-pressed={isTable}
          className="aria-pressed:bg-raised aria-pressed:text-ink"
          onClick={() => setIsTable(!isTable)}
        >
          <Table2 aria-hidden />
        </Button>
      </figcaption>
      {isTable ? (
        <CodeRunTable label={title ?? "The chart's data"} table={asTable(chart)} />
      ) : (
        <>
          <Drawing chart={chart} />
          {series.length > 1 && (
            <ul aria-label="Legend" className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-2">
              {series.map(({ name }, index) => (
                <li key={index} className="flex min-w-0 items-center gap-1.5">
                  <Swatch index={index} isLine={chart.chart === "line"} />
                  <span className="truncate">{stripBidi(name)}</span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </figure>
  );
}

function Swatch({ index, isLine }: { index: number; isLine: boolean }) {
  const { color, dash } = strokes[index % strokes.length]!;
  return (
    <svg aria-hidden width="20" height="10" className="shrink-0">
      {isLine ? (
        <line x1="0" x2="20" y1="5" y2="5" stroke={color} strokeWidth="2" strokeDasharray={dash} />
      ) : (
        <rect width="10" height="10" x="5" rx="2" fill={color} />
      )}
    </svg>
  );
}

function Drawing({ chart }: { chart: CodeChartData }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry && entry.contentRect.width > 0) setWidth(Math.round(entry.contentRect.width));
    });
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const plot = layOut(chart, width, HEIGHT);
  return (
    <div ref={box} className="w-full overflow-clip">
      <svg
        role="img"
        aria-label={describe(chart)}
        width={width}
        height={HEIGHT}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        className="block max-w-full fill-ink-3 text-[11px] tabular-nums"
      >
        <Axes plot={plot} chart={chart} width={width} />
        {chart.chart === "bar" ? <Bars plot={plot} chart={chart} /> : <Lines plot={plot} chart={chart} />}
      </svg>
    </div>
  );
}

function Axes({ plot, chart, width }: { plot: Plot; chart: CodeChartData; width: number }) {
  return (
    <g aria-hidden>
      {plot.yTicks.map(({ at, text }) => (
        <g key={text}>
          <line x1={plot.left} x2={plot.right} y1={at} y2={at} stroke="var(--line)" />
          <text x={plot.left - 6} y={at + 4} textAnchor="end">
            {text}
          </text>
        </g>
      ))}
      {plot.xTicks.map(({ at, text }, index) => (
        <text key={index} x={at} y={plot.bottom + 16} textAnchor="middle">
          {stripBidi(text)}
        </text>
      ))}
      {chart.xLabel && (
        <text x={(plot.left + plot.right) / 2} y={HEIGHT - 4} textAnchor="middle">
          {stripBidi(shorten(chart.xLabel, Math.floor(width / 8)))}
        </text>
      )}
      {chart.yLabel && (
        <text x={0} y={10}>
          {stripBidi(shorten(chart.yLabel, Math.floor(width / 8)))}
        </text>
      )}
    </g>
  );
}

function Bars({ plot, chart }: { plot: Plot; chart: CodeChartData }) {
  const count = chart.series.length;
  const group = plot.step * 0.76;
  const width = Math.max(1, group / count - (count > 1 ? 1 : 0));
  return chart.series.map(({ name, y }, index) => (
    <g key={index} fill={strokes[index % strokes.length]!.color}>
      {y.map((value, point) => {
        const [top, bottom] = [plot.y(Math.max(value, 0)), plot.y(Math.min(value, 0))];
        return (
          <rect
            key={point}
            x={plot.x(point) - group / 2 + (group / count) * index}
            y={top}
            width={width}
            height={Math.max(bottom - top, value === 0 ? 0 : 1)}
            rx={Math.min(2, width / 4)}
          >
            <title>{`${count > 1 ? `${name}, ` : ""}${chart.x[point]}: ${value.toLocaleString("en")}`}</title>
          </rect>
        );
      })}
    </g>
  ));
}

function Lines({ plot, chart }: { plot: Plot; chart: CodeChartData }) {
  return chart.series.map(({ name, y }, index) => {
    const { color, dash } = strokes[index % strokes.length]!;
    const points = y.map((value, point) => `${plot.x(point).toFixed(1)},${plot.y(value).toFixed(1)}`);
    return (
      <g key={index}>
        <polyline
          points={points.join(" ")}
          fill="none"
          stroke={color}
          strokeWidth="2"
          strokeDasharray={dash}
          strokeLinejoin="round"
        />
        {y.length <= 40 &&
          y.map((value, point) => (
            <circle key={point} cx={plot.x(point)} cy={plot.y(value)} r="3" fill={color}>
              <title>{`${chart.series.length > 1 ? `${name}, ` : ""}${chart.x[point]}: ${value.toLocaleString("en")}`}</title>
            </circle>
          ))}
      </g>
    );
  });
}

/** What the picture shows, in a sentence. */
export function describe({ chart, title, x, series }: CodeChartData): string {
  const kind = chart === "bar" ? "Bar chart" : "Line chart";
  const all = series.map(({ name, y }) => {
    const [least, most] = [Math.min(...y), Math.max(...y)].map((value) => value.toLocaleString("en"));
    return `${name} from ${least} to ${most}`;
  });
  const named = title ? `: ${title}` : "";
  return stripBidi(`${kind}${named}. ${x.length} ${x.length === 1 ? "point" : "points"}. ${all.join("; ")}.`);
}

function asTable({ x, xLabel, series }: CodeChartData) {
  return {
    columns: [xLabel ?? "x", ...series.map(({ name }) => name)],
    rows: x.map((value, point) => [value, ...series.map(({ y }) => y[point] ?? null)]),
    totalRows: x.length,
    totalColumns: series.length + 1,
  };
}

function shorten(text: string, length: number) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
