import { z } from "zod";

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const HUNDRED_YEARS_MS = 100 * 365 * UNIT_MS.d;
/** The largest value of a column of seconds. */
export const MAX_SECONDS = 2 ** 31 - 1;

/** `setTimeout` fires at once when its delay is longer than this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Converts `"90s"`, `"2h"`, ... or an ISO date to milliseconds from now. NaN for any other text. */
function millisecondsOf(text: string): number {
  const span = /^(\d+)([smhdw])$/.exec(text.trim());
  const ms = span
    ? Number(span[1]) * UNIT_MS[span[2] as keyof typeof UNIT_MS]
    : Math.max(0, Date.parse(text) - Date.now());
  return ms <= HUNDRED_YEARS_MS ? ms : Number.NaN;
}

/** A timeout as text: a span from now, or a date. */
export const Timeout = z
  .string()
  .refine(
    (text) => !Number.isNaN(millisecondsOf(text)),
    'must be a duration such as "90s" or "2h", or a date',
  );

/** How long a run may wait for its start; a number is in seconds. */
export const Ttl = z.union([
  Timeout,
  z
    .number()
    .int()
    .min(0)
    .max(MAX_SECONDS)
    .transform((seconds) => `${seconds}s`),
]);

/** Converts text that `Timeout` has accepted to milliseconds from now. */
export function parseTimeout(text: string): number {
  const ms = millisecondsOf(text);
  if (Number.isNaN(ms))
    throw new RangeError(`${JSON.stringify(text.slice(0, 60))} is not a duration or a date`);
  return ms;
}

/** Starts a timer without an upper limit. Returns a function that cancels it. */
export function callAt(time: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  arm();
  return () => clearTimeout(timer);

  function arm(): void {
    const left = time - Date.now();
    timer =
      left > LONGEST_TIMER_MS ? setTimeout(arm, LONGEST_TIMER_MS) : setTimeout(callback, Math.max(0, left));
  }
}
