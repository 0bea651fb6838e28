import { HttpError } from "./http";

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds from now: `"90s"`, `"2h"`, ... or an ISO date. */
export function parseTimeout(text: string): number {
  const span = /^(\d+)([smhdw])$/.exec(text.trim());
  if (span) return Number(span[1]) * UNIT_MS[span[2] as keyof typeof UNIT_MS];
  const date = Date.parse(text);
  if (Number.isNaN(date))
    throw new HttpError(400, `${JSON.stringify(text.slice(0, 60))} is neither a duration nor a date`);
  return Math.max(0, date - Date.now());
}
