/** Where the parts of a chart go, in pixels. */
export type CodeChartData = {
  chart: "bar" | "line";
  title?: string | undefined;
  xLabel?: string | undefined;
  yLabel?: string | undefined;
  x: (string | number)[];
  series: { name: string; y: number[] }[];
};

type Tick = { at: number; text: string };

export type Plot = {
  left: number;
  right: number;
  bottom: number;
  /** The width of one point on the x axis. */
  step: number;
  x: (point: number) => number;
  y: (value: number) => number;
  xTicks: Tick[];
  yTicks: Tick[];
};

const TOP = 18;
const RIGHT = 12;
const LETTER = 6.6;
const Y_TICKS = 5;

export function layOut({ chart, x, series, xLabel }: CodeChartData, width: number, height: number): Plot {
  const values = series.flatMap(({ y }) => y);
  const { from, to, step: tick } = scale(values, chart === "bar");
  const bottom = height - (xLabel ? 38 : 22);
  const y = (value: number) => bottom - ((value - from) / (to - from)) * (bottom - TOP);
  const yTicks: Tick[] = [];
  for (let index = 0; index <= Math.round((to - from) / tick); index++) {
    const value = from + index * tick;
    yTicks.push({ at: y(value), text: numberText(value, tick) });
  }
  const left = Math.max(24, Math.max(...yTicks.map(({ text }) => text.length)) * LETTER + 10);
  const right = width - RIGHT;
  const step = (right - left) / x.length;
  const at = (point: number) => left + step * (point + 0.5);
  return { left, right, bottom, step, x: at, y, xTicks: xTicks(x, at, step), yTicks };
}

/** A round scale that holds all values. Bars begin at zero. */
export function scale(values: number[], withZero: boolean): { from: number; to: number; step: number } {
  let least = Math.min(...values, ...(withZero ? [0] : []));
  let most = Math.max(...values, ...(withZero ? [0] : []));
  if (least === most) {
    const room = Math.abs(least) / 2 || 1;
    least -= withZero ? 0 : room;
    most += room;
  }
  const rough = (most - least) / Y_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough)!;
  return { from: Math.floor(least / step) * step, to: Math.ceil(most / step) * step, step };
}

function numberText(value: number, step: number) {
  if (Math.abs(value) >= 1e15)
    return value.toLocaleString("en", { notation: "scientific", maximumSignificantDigits: 4 });
  if (Math.abs(value) >= 100_000 || (value !== 0 && Math.abs(step) < 0.001))
    return value.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 4 });
  const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step)) + 1));
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

/** As many labels as fit beside each other. */
function xTicks(x: (string | number)[], at: (point: number) => number, step: number): Tick[] {
  const longest = Math.min(14, Math.max(...x.map((value) => String(value).length)));
  const every = Math.max(1, Math.ceil((longest * LETTER + 8) / step));
  return x.flatMap((value, point) => {
    const text = String(value);
    return point % every === 0
      ? [{ at: at(point), text: text.length > 14 ? `${text.slice(0, 13)}…` : text }]
      : [];
  });
}
