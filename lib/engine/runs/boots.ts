/**
 * How many workers may load at once, and how patiently. Loading is all work, so on a machine that is full of it fewer
 * at once are done sooner: a boot that came to nothing halves the number, one that succeeds brings back one place.
 */
import { availableParallelism } from "node:os";

export type BootOptions = {
  /** At most. */
  atOnce?: number;
  /** What the first try of a run may take; every further one may take twice as long. */
  timeoutMs?: number;
  /** The pause after the first try; after every further one it is twice as long. */
  backoffMs?: number;
};

export type Boots = ReturnType<typeof createBoots>;

const LONGEST_TIMEOUT_MS = 600_000;
const LONGEST_BACKOFF_MS = 30_000;

export function createBoots(options: BootOptions = {}) {
  const { atOnce = Math.max(2, availableParallelism()), timeoutMs = 30_000, backoffMs = 500 } = options;
  let places = atOnce;
  return {
    hasPlace: (loading: number): boolean => loading < places,
    succeeded(): void {
      places = Math.min(atOnce, places + 1);
    },
    failed(): void {
      places = Math.max(1, Math.floor(places / 2));
    },
    /** For a run that has `failures` boots behind it. */
    timeoutMs: (failures: number): number => Math.min(timeoutMs * 2 ** failures, LONGEST_TIMEOUT_MS),
    pauseMs: (failures: number): number => Math.min(backoffMs * 2 ** (failures - 1), LONGEST_BACKOFF_MS),
  };
}
