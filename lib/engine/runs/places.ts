/**
 * Decides which queued run gets the next worker, and which parked run gives one up. A run that waits for a child, a date
 * or a token holds no place, because it can't be asked to leave and its child would wait forever.
 */
import type { Log } from "../log";
import type { Boots } from "./boots";
import { createQueue, originOf, type QueuedRun } from "./queue";

type PlacedRun = QueuedRun & {
  /** `QUEUED` until the task begins, also while its worker loads. */
  status: "QUEUED" | "EXECUTING" | "WAITING";
  worker: object | undefined;
  /** When the run last wrote, took a message or parked. */
  activeAt: number;
  reclaimable: boolean;
  leaving: boolean;
  /** True once the log says that the run is queued. */
  reportedQueued: boolean;
};

type Options<Entry> = {
  live: ReadonlyMap<string, Entry>;
  boots: Boots;
  maxWorkers: number;
  maxWorkersPerKey: number;
  start: (entry: Entry, places: number) => void;
  onExpired: (entry: Entry) => void;
  /** Asks this parked run to leave, because another run needs its place. */
  onPressure: (runId: string) => void;
  log: Log;
};

export function createPlaces<Entry extends PlacedRun>(options: Options<Entry>) {
  const { live, boots, maxWorkers, maxWorkersPerKey, onPressure, log } = options;
  const queue = createQueue<Entry>({
    isLive: (runId) => live.has(runId),
    onReady: fill,
    onExpired: options.onExpired,
  });
  let closed = false;

  return {
    fill,
    add: (entry: Entry) => queue.add(entry),
    remove: (entry: Entry) => queue.remove(entry),
    position: (runId: string) => queue.position(runId),
    close(): void {
      closed = true;
      queue.close();
    },
  };

  /** Starts queued runs while there are places and the machine can load one more worker. */
  function fill(): void {
    while (!closed) {
      const next = queue.ready(working()).find((waiting) => !isAtLimit(waiting));
      if (!next || working().length >= maxWorkers) return reclaimPlaces();
      if (!boots.hasPlace(loading().length)) return;
      queue.remove(next.entry);
      options.start(next.entry, next.places);
    }
  }

  /** Lists the runs that hold a place. */
  function working(): Entry[] {
    return [...live.values()].filter(
      ({ worker, status, reclaimable }) => worker && (status !== "WAITING" || reclaimable),
    );
  }

  function loading(): Entry[] {
    return [...live.values()].filter(({ worker, status }) => worker && status === "QUEUED");
  }

  function isAtLimit({ entry, places }: { entry: Entry; places: number }): boolean {
    return entry.run.concurrencyKey !== null && places >= maxWorkersPerKey;
  }

  /** Asks parked runs to leave, the longest idle first, one for each run that waits for a place. */
  function reclaimPlaces(): void {
    const ready = queue.ready(working());
    let parked = working()
      .filter(({ status, leaving }) => status === "WAITING" && !leaving)
      .toSorted((a, b) => a.activeAt - b.activeAt);
    for (const waiting of ready) {
      // A person at the limit gets a place only from their own parked runs.
      const onlyOwn = isAtLimit(waiting);
      const longest = parked.find(({ run }) => !onlyOwn || originOf(run) === originOf(waiting.entry.run));
      if (!longest) continue;
      parked = parked.filter((other) => other !== longest);
      onPressure(longest.run.id);
    }
    for (const { entry } of ready) {
      if (entry.reportedQueued) continue;
      entry.reportedQueued = true;
      const position = queue.position(entry.run.id);
      log("run queued", { run: entry.run.id, session: entry.run.sessionId, position });
    }
  }
}
