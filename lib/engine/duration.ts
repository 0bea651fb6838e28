import { z } from "zod";
import { HttpError } from "./http/route";

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const HUNDRED_YEARS_MS = 100 * 365 * UNIT_MS.d;
/** What a column of seconds can hold, and more than anybody waits. */
export const MAX_SECONDS = 2 ** 31 - 1;

/** `setTimeout` takes more for "now". */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds from now: `"90s"`, `"2h"`, ... or an ISO date. */
export function parseTimeout(text: string): number {
  const span = /^(\d+)([smhdw])$/.exec(text.trim());
  const ms = span
    ? Number(span[1]) * UNIT_MS[span[2] as keyof typeof UNIT_MS]
    : Math.max(0, Date.parse(text) - Date.now());
  if (ms <= HUNDRED_YEARS_MS) return ms;
  throw new HttpError(400, `${JSON.stringify(text.slice(0, 60))} is neither a duration nor a date`);
}

/** How long a run may wait for its start; a number is seconds. */
export const Ttl = z
  .union([
    z.string(),
    z
      .number()
      .int()
      .min(0)
      .max(MAX_SECONDS)
      .transform((seconds) => `${seconds}s`),
  ])
  .refine((text) => {
    parseTimeout(text);
    return true;
  });

/** A timer without an upper limit. Returns what cancels it. */
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
