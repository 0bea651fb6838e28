/** Positions in a chat's two streams. Records are numbered; an absent cursor stands before the first. */

export function inputNumber(seq: string | undefined): number {
  return Number(seq ?? -1);
}

/** The later of two cursors of one stream. */
export function laterCursor(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Number(one) > Number(other) ? one : other;
}
