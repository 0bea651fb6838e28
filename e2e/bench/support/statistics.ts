/** One number of the table: the median of the rounds, and how far they lay apart. */
export type Figure = { value: number; low: number; high: number; rounds: number };

export function percentile(samples: number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(samples: number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]!
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

export function figure(rounds: number[]): Figure {
  return {
    value: median(rounds),
    low: Math.min(...rounds),
    high: Math.max(...rounds),
    rounds: rounds.length,
  };
}
