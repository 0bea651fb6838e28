/** Milliseconds of the machine's monotonic clock: one clock for all processes, and nobody sets it in between. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
