import type { MachineName } from "../worker/machines";
import type { Worker } from "../worker/worker-host";
import type { Run } from "./runs";

export type LiveRun = {
  run: Run;
  attempt: number;
  /** `QUEUED` until the task begins, also while its worker loads. */
  status: "QUEUED" | "EXECUTING" | "WAITING";
  worker: Worker | undefined;
  /** The machine of the attempt; undefined before the first one. */
  machine: MachineName | undefined;
  /** The machine on which an earlier attempt ran out of memory. */
  outgrown: MachineName | undefined;
  /** The run that must be gone first (the predecessor of an upgrade). */
  after: string | undefined;
  /** When the run last wrote, took a message or parked. The watchdog and the reclaiming of places go by it. */
  activeAt: number;
};

/** What `attempts.ts` alone knows of a live run. */
export type Entry = LiveRun & {
  /** True for a parked run that waits for its chat and can be asked to leave. */
  reclaimable: boolean;
  /** Set before the run is stopped: from then on it must not write, and the end of its attempt is ignored. */
  leaving: boolean;
  ending: Promise<void> | undefined;
  /** Executing time before `executingSince`. Parked time does not count. */
  spentMs: number;
  executingSince: number | undefined;
  cancelTimer: (() => void) | undefined;
  reportedQueued: boolean;
  /** Workers that were gone before the task began, and how many of those exited on their own. */
  failedBoots: number;
  brokenBoots: number;
  /** Serializes the row writes of the run. */
  saved: Promise<unknown>;
};

export function createEntry(run: Run, after: string | undefined): Entry {
  return {
    run,
    attempt: run.attempt,
    status: "QUEUED",
    worker: undefined,
    machine: undefined,
    outgrown: undefined,
    after,
    activeAt: Date.now(),
    reclaimable: false,
    leaving: false,
    ending: undefined,
    spentMs: 0,
    executingSince: undefined,
    cancelTimer: undefined,
    reportedQueued: false,
    failedBoots: 0,
    brokenBoots: 0,
    saved: Promise.resolve(),
  };
}
