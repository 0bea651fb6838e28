/** What a fault test is, and how what it has seen is judged. The oracle is content: every number once. */
import type { Line } from "@/e2e/support/page";

export { within } from "@/e2e/support/page";

/** How many things went wrong, and how. All zero: the promise was kept. */
export type Verdict = {
  /** Numbers or messages that should be there and are not. */
  lost: number;
  /** Numbers or messages that are there twice, or in the wrong place. */
  doubled: number;
  /** Turns that were not over, nor shown as failed, when the time was up. */
  stuck: number;
  /** What was counted besides, by its name. Nothing of it is wrong. */
  counts: Record<string, number>;
  /** What exactly, for the person who reads the report. */
  notes: string[];
};

export type Fault<Place> = {
  name: string;
  /** How often a full run tries it. */
  trials: number;
  /** How many trials may run at once; one by one when not given. */
  parallel?: number;
  /** One trial. The seed decides everything that is left to chance, so the same one breaks at the same place. */
  run(place: Place, seed: number): Promise<Verdict>;
};

/** After a fault has healed, every turn is over within this time (DESIGN.md, I7). */
export const PATIENCE_MS = 30_000;

export function verdict(): Verdict {
  return { lost: 0, doubled: 0, stuck: 0, counts: {}, notes: [] };
}

/** A trial that came to no end. */
export function stuck(note: string): Verdict {
  return { ...verdict(), stuck: 1, notes: [note] };
}

/** One more of what is counted besides. */
export function count(result: Verdict, name: string): void {
  result.counts[name] = (result.counts[name] ?? 0) + 1;
}

export function isClean({ lost, doubled, stuck }: Verdict): boolean {
  return lost + doubled + stuck === 0;
}

export function add(total: Verdict, more: Verdict): Verdict {
  total.lost += more.lost;
  total.doubled += more.doubled;
  total.stuck += more.stuck;
  for (const [name, count] of Object.entries(more.counts))
    total.counts[name] = (total.counts[name] ?? 0) + count;
  total.notes.push(...more.notes);
  return total;
}

/** A text of numbers against the one it should be. Other texts count as one number. */
export function judgeText(seen: string, wanted: string, where: string): Verdict {
  const result = verdict();
  if (seen.trim() === wanted) return result;
  const [have, want] = [seen, wanted].map((text) => text.trim().split(/\s+/).filter(Boolean)) as [
    string[],
    string[],
  ];
  const counts = new Map<string, number>();
  for (const word of have) counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const word of want) {
    const left = counts.get(word) ?? 0;
    if (left === 0) result.lost += 1;
    counts.set(word, left - 1);
  }
  for (const left of counts.values()) result.doubled += Math.max(0, left);
  if (isClean(result)) result.doubled = 1; // Everything once, but not in its place.
  result.notes.push(`${where}: "${shorten(seen)}" instead of "${shorten(wanted)}"`);
  return result;
}

/** A conversation against the one it should be: messages that are missing or too many, then their texts. */
export function judgeLines(seen: Line[], wanted: Line[], where: string): Verdict {
  const result = verdict();
  if (seen.length === wanted.length && seen.every(([role], index) => role === wanted[index]![0])) {
    for (const [index, [role, text]] of seen.entries()) {
      add(result, judgeText(text, wanted[index]![1], `${where}, message ${index} (${role})`));
    }
    return result;
  }
  const common = commonLength(seen, wanted);
  result.lost = wanted.length - common;
  result.doubled = seen.length - common;
  const show = (lines: Line[]) => lines.map(([role, text]) => `${role}: ${shorten(text)}`).join(" | ");
  result.notes.push(`${where}: [${show(seen)}] instead of [${show(wanted)}]`);
  return result;
}

function commonLength(a: Line[], b: Line[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const [role, text] of a) {
    const next = [0];
    for (const [index, [otherRole, other]] of b.entries()) {
      const same = role === otherRole && text === other;
      next.push(same ? row[index]! + 1 : Math.max(row[index + 1]!, next[index]!));
    }
    row = next;
  }
  return row.at(-1)!;
}

function shorten(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  return line.length <= 160 ? line : `${line.slice(0, 75)} … ${line.slice(-75)}`;
}

export type Random = {
  /** A whole number from `from` to `to`, both included. */
  between: (from: number, to: number) => number;
  pick: <T>(values: readonly T[]) => T;
};

/** mulberry32: small, and the same everywhere. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return { between, pick: (values) => values[between(0, values.length - 1)]! };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks until the answer is yes. How long that takes is no part of the verdict: it prepares a fault. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  patienceMs = 120_000,
): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !(await condition()); await pause(20)) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs / 1000} s in vain: ${what}`);
  }
}
