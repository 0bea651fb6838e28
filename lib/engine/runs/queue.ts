/**
 * Runs that wait for a place. The next one goes to the person (or else the session, or the task) that has the fewest
 * places already, so that neither a hundred chats of one person nor a task that was triggered a hundred times keeps
 * anybody else waiting; among equals the one that came first goes first.
 */
import { callAt } from "../duration";
import type { Run } from "./runs";

type Item = {
  run: Run;
  attempt: number;
  /** A run that must be gone first (the predecessor of an upgrade). */
  after: string | undefined;
};

export function createQueue<Entry extends Item>(options: {
  isLive(runId: string): boolean;
  onReady(): void;
  onExpired(entry: Entry): void;
}) {
  const entries: Entry[] = [];
  const cancels = new Map<Entry, () => void>();

  return {
    /** In line from its delay on (`delay`), and not longer than its time to live (`ttl`). */
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

    /** Those that could start now if there were places, best first, with the places that their origin has already. */
    ready(working: Entry[]): { entry: Entry; places: number }[] {
      const load = new Map<string, number>();
      for (const { run } of working) load.set(originOf(run), (load.get(originOf(run)) ?? 0) + 1);
      return entries
        .filter(({ after }) => after === undefined || !options.isLive(after))
        .map((entry) => ({ entry, places: load.get(originOf(entry.run)) ?? 0 }))
        .toSorted((a, b) => a.places - b.places);
    },

    /** 1: next in line, as far as is known now. */
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
