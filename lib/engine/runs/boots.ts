/**
 * Limits how many workers load at once, and for how long. Loading needs the processor, so on a busy machine fewer at
 * once finish sooner: a boot that fails halves the limit, and one that succeeds raises it by one.
 */
import { availableParallelism } from "node:os";

export type BootOptions = {
  /** The highest limit. */
  atOnce?: number;
  /** The time limit of a run's first boot. It doubles with every retry. */
  timeoutMs?: number;
  /** The pause after a run's first failed boot. It doubles with every retry. */
  backoffMs?: number;
};

export type Boots = ReturnType<typeof createBoots>;

const LONGEST_TIMEOUT_MS = 600_000;
const LONGEST_PAUSE_MS = 30_000;

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
    /** The time limit for a run with this many failed boots. */
    timeoutMs: (failures: number): number => Math.min(timeoutMs * 2 ** failures, LONGEST_TIMEOUT_MS),
    pauseMs: (failures: number): number => Math.min(backoffMs * 2 ** (failures - 1), LONGEST_PAUSE_MS),
  };
}
