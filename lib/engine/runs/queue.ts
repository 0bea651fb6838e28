/**
 * The queue of runs that need a worker. The next place goes to the person (or else the session, or the task) that holds
 * the fewest, so that neither a hundred chats of one person nor a hundred runs of one task delay other people. Among
 * equals the earliest run comes first.
 */
import { callAt } from "../duration";
import type { Run } from "./runs";

export type QueuedRun = {
  run: Run;
  attempt: number;
  /** The run that must be gone first (the predecessor of an upgrade). */
  after: string | undefined;
};

export function createQueue<Entry extends QueuedRun>(options: {
  isLive(runId: string): boolean;
  onReady(): void;
  onExpired(entry: Entry): void;
}) {
  const entries: Entry[] = [];
  const cancels = new Map<Entry, () => void>();

  return {
    /** Queues the run after its `delay`, and expires it when it has not started within its `ttl`. */
    add(entry: Entry): void {
      const { delayedUntil } = entry.run;
      if (delayedUntil === null || delayedUntil.getTime() <= Date.now()) return admit(entry);
      cancels.set(
        entry,
        callAt(delayedUntil.getTime(), () => {
          admit(entry);
          options.onReady();
        }),
      );
    },

    remove(entry: Entry): void {
      cancels.get(entry)?.();
      cancels.delete(entry);
      const index = entries.indexOf(entry);
      if (index >= 0) entries.splice(index, 1);
    },

    /** Lists the runs that could start now, best first, with the number of places that their origin holds. */
    ready(working: Entry[]): { entry: Entry; places: number }[] {
      const load = new Map<string, number>();
      for (const { run } of working) load.set(originOf(run), (load.get(originOf(run)) ?? 0) + 1);
      return entries
        .filter(({ after }) => after === undefined || !options.isLive(after))
        .map((entry) => ({ entry, places: load.get(originOf(entry.run)) ?? 0 }))
        .toSorted((a, b) => a.places - b.places);
    },

    /** Returns 1 for the run at the head of the queue. */
    position(runId: string): number | undefined {
      const index = entries.findIndex(({ run }) => run.id === runId);
      return index < 0 ? undefined : index + 1;
    },

    close(): void {
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
    },
  };

  function admit(entry: Entry): void {
    cancels.delete(entry);
    entries.push(entry);
    const { expiresAt } = entry.run;
    if (expiresAt === null || entry.attempt > 0) return;
    cancels.set(
      entry,
      callAt(expiresAt.getTime(), () => options.onExpired(entry)),
    );
  }
}

export function originOf(run: Run): string {
  return run.concurrencyKey ?? run.sessionId ?? run.parentId ?? run.task;
}
