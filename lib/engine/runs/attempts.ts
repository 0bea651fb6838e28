/**
 * The living: every run that is queued, executing or parked has an entry here and a worker of its own. A run has
 * ended when its worker is gone, its row says so and its entry is removed, in that order; only then may another take over.
 */
import { callAt } from "../duration";
import { endOf, executionOf, retryAfter, type RunEnd } from "./execution";
import { type Caller, callerUrl } from "../http/caller";
import type { Boots } from "./boots";
import type { Log } from "../log";
import type { Behavior } from "../mode";
import { createQueue, originOf } from "./queue";
import type { Run, Runs } from "./runs";
import {
  type AttemptEnd,
  type CompletedWaitpoint,
  NEVER_STARTED,
  type Worker,
  type WorkerHost,
} from "../worker/worker-host";

export type LiveRun = {
  run: Run;
  attempt: number;
  /** `QUEUED` until the task begins: also while its worker loads. */
  status: "QUEUED" | "EXECUTING" | "WAITING";
  worker: Worker | undefined;
  /** A run that must be gone first (the predecessor of an upgrade). */
  after: string | undefined;
  /** When the run last wrote, took a message or parked: what the watchdog and the reclaiming go by. */
  activeAt: number;
};

type Entry = LiveRun & {
  /** Of a parked run: it waits for its chat and can be asked to leave. */
  reclaimable: boolean;
  /** Set before anything is done about it: from then on the attempt must not write, and its own end is no news. */
  leaving: boolean;
  ending: Promise<void> | undefined;
  /** Executing time used up before `executingSince`; parked time does not count. */
  spentMs: number;
  executingSince: number | undefined;
  cancelTimer: (() => void) | undefined;
  reportedQueued: boolean;
  /** Workers that were gone before the task began, and how many of those went by themselves. */
  failedBoots: number;
  brokenBoots: number;
  /** Row writes of one run, in the order of what happened. */
  saved: Promise<unknown>;
};

export type Attempts = ReturnType<typeof createAttempts>;

type Options = {
  host: WorkerHost;
  runs: Runs;
  engineUrl(): string;
  secretKey: string;
  maxWorkers: number;
  /** How many of them one person's runs (one `concurrencyKey`) may have at a time. */
  maxWorkersPerKey: number;
  /** A parked run that can be asked to leave; one that waits for a child, a date or a token cannot. */
  isReclaimable(runId: string): boolean;
  /** A worker is wanted and none may be added: asks this parked run to leave. */
  onPressure(runId: string): void;
  onEnd(run: Run): Promise<void>;
  boots: Boots;
  behavior: Behavior;
  log: Log;
};

/** The SDK aborts a run at its limit and lets it say goodbye; after that the process goes. */
const MAX_DURATION_GRACE_MS = 5_000;
/** Whoever has so many places already waits for a worker to load, and leaves the loaded one to somebody new. */
const PLACES_WITH_SPARE = 2;
const PREDECESSOR_PATIENCE_MS = 60_000;
/** A worker that ends by itself while it loads will do so again; one that is slow, or is killed, may not. */
const BROKEN_BOOTS_LIMIT = 5;

export function createAttempts(options: Options) {
  const { host, runs, boots, log } = options;
  const live = new Map<string, Entry>();
  const queue = createQueue<Entry>({
    isLive: (runId) => live.has(runId),
    onReady: pump,
    onExpired: (entry) => void end(entry, expired(entry), async () => {}),
  });
  let closing = false;

  return {
    start(run: Run, after?: string): void {
      const entry: Entry = {
        run,
        attempt: run.attempt,
        status: "QUEUED",
        worker: undefined,
        after: after !== undefined && live.has(after) ? after : undefined,
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
      live.set(run.id, entry);
      queue.add(entry);
      if (entry.after !== undefined) impatient(entry.after);
      pump();
    },

    find(runId: string): LiveRun | undefined {
      return live.get(runId);
    },

    all(): LiveRun[] {
      return [...live.values()];
    },

    /** 1: the next to get a place; undefined for a run that does not wait for one. */
    queuePosition(runId: string): number | undefined {
      return queue.position(runId);
    },

    /** False for an attempt that has ended or is being ended: a killed process may still have bytes under way. */
    mayWrite(caller: Caller): boolean {
      const entry = live.get(caller.runId);
      return entry !== undefined && !entry.leaving && entry.attempt === caller.attempt;
    },

    touch(runId: string): void {
      const entry = live.get(runId);
      if (entry) entry.activeAt = Date.now();
    },

    deliver(runId: string, waitpoint: CompletedWaitpoint): void {
      live.get(runId)?.worker?.resolveWaitpoint(waitpoint);
    },

    /** Lets the run say goodbye (abort signal, cancel hooks), but not write to its session any more. */
    async cancel(runId: string): Promise<void> {
      const entry = live.get(runId);
      if (entry) await end(entry, { status: "CANCELED" }, (worker) => worker.cancel());
    },

    async kill(runId: string, how: RunEnd): Promise<void> {
      const entry = live.get(runId);
      if (entry) await end(entry, how, (worker) => worker.kill());
    },

    /** Stops everything without deciding anything: rows stay live and the next engine recovers them. */
    close(): void {
      closing = true;
      queue.close();
      for (const entry of live.values()) entry.cancelTimer?.();
    },
  };

  function pump(): void {
    if (closing) return;
    for (;;) {
      const next = queue.ready(working()).find((waiting) => !isAtBound(waiting));
      if (!next || working().length >= options.maxWorkers) return makeRoom();
      if (!boots.hasPlace(loading().length)) return;
      queue.remove(next.entry);
      execute(next.entry, next.places);
    }
  }

  /** Those that hold a place: not a parked run that nobody can ask to leave, or its child would wait for ever. */
  function working(): Entry[] {
    return [...live.values()].filter(
      ({ worker, status, reclaimable }) => worker && (status !== "WAITING" || reclaimable),
    );
  }

  function loading(): Entry[] {
    return [...live.values()].filter(({ worker, status }) => worker && status === "QUEUED");
  }

  function isAtBound({ entry, places }: { entry: Entry; places: number }): boolean {
    return entry.run.concurrencyKey !== null && places >= options.maxWorkersPerKey;
  }

  function makeRoom(): void {
    const ready = queue.ready(working());
    let parked = working()
      .filter(({ status, leaving }) => status === "WAITING" && !leaving)
      .toSorted((a, b) => a.activeAt - b.activeAt);
    for (const waiting of ready) {
      // Whoever has all their places makes room for themselves.
      const isOwn = isAtBound(waiting);
      const longest = parked.find(({ run }) => !isOwn || originOf(run) === originOf(waiting.entry.run));
      if (!longest) continue;
      parked = parked.filter((other) => other !== longest);
      options.onPressure(longest.run.id);
    }
    for (const { entry } of ready) {
      if (entry.reportedQueued) continue;
      entry.reportedQueued = true;
      const position = queue.position(entry.run.id);
      log("run queued", { run: entry.run.id, session: entry.run.sessionId, position });
    }
  }

  function execute(entry: Entry, places: number): void {
    entry.attempt += 1;
    const { run, attempt } = entry;
    const version = host.version();
    entry.worker = host.execute({
      execution: executionOf(run, attempt, version, host.tasks().get(run.task)?.filePath ?? run.task),
      env: {
        TRIGGER_API_URL: callerUrl(options.engineUrl(), { runId: run.id, attempt }),
        TRIGGER_SECRET_KEY: options.secretKey,
      },
      leavesSpare: entry.run.concurrencyKey !== null && places >= PLACES_WITH_SPARE,
      bootTimeoutMs: boots.timeoutMs(entry.failedBoots),
      onStarted: () => begin(entry, attempt, version),
      onSuspendable: (suspendable) => park(entry, attempt, suspendable),
      onEnd: (how) => {
        if (!entry.leaving && entry.attempt === attempt) void attemptEnded(entry, how);
      },
    });
  }

  function begin(entry: Entry, attempt: number, version: string): void {
    if (entry.leaving || entry.attempt !== attempt) return;
    const { run } = entry;
    boots.succeeded();
    entry.failedBoots = entry.brokenBoots = 0;
    entry.status = "EXECUTING";
    entry.activeAt = entry.executingSince = Date.now();
    save(entry, () => runs.start(run.id, attempt, version));
    watchDuration(entry);
    log("attempt started", {
      run: run.id,
      session: run.sessionId,
      attempt,
      reason: attempt > 1 ? "retry" : run.reason,
      pid: entry.worker?.pid,
      waited: entry.activeAt - run.createdAt.getTime(),
    });
    pump();
  }

  function park(entry: Entry, attempt: number, suspendable: boolean): void {
    if (entry.leaving || entry.attempt !== attempt) return;
    const status = suspendable ? "WAITING" : "EXECUTING";
    if (status === entry.status) return;
    entry.status = status;
    entry.reclaimable = suspendable && options.isReclaimable(entry.run.id);
    entry.activeAt = Date.now();
    if (suspendable && entry.executingSince !== undefined) {
      entry.spentMs += Date.now() - entry.executingSince;
      entry.executingSince = undefined;
      entry.cancelTimer?.();
      pump();
    } else {
      entry.executingSince = Date.now();
      watchDuration(entry);
    }
    save(entry, () => runs.setStatus(entry.run.id, status));
  }

  function watchDuration(entry: Entry): void {
    entry.cancelTimer?.();
    if (entry.run.maxDuration === null) return;
    const left = entry.run.maxDuration * 1_000 + MAX_DURATION_GRACE_MS - entry.spentMs;
    entry.cancelTimer = callAt(Date.now() + left, () => {
      const message = `The run took longer than its limit of ${entry.run.maxDuration} s`;
      const error = { type: "INTERNAL_ERROR", code: "MAX_DURATION_EXCEEDED", message };
      void end(entry, { status: "TIMED_OUT", error }, (worker) => worker.kill());
    });
  }

  function impatient(runId: string): void {
    const timer = setTimeout(() => {
      const entry = live.get(runId);
      const error = {
        type: "INTERNAL_ERROR",
        code: "SUPERSEDED",
        message: "The run handed over and did not leave",
      };
      if (entry) void end(entry, { status: "CRASHED", error }, (worker) => worker.kill());
    }, PREDECESSOR_PATIENCE_MS);
    timer.unref();
  }

  async function attemptEnded(entry: Entry, how: AttemptEnd): Promise<void> {
    if (closing) return;
    entry.cancelTimer?.();
    entry.worker = undefined;
    if (how.kind === "crashed" && how.code === NEVER_STARTED) return bootFailed(entry, how);
    const hasOneAttempt = entry.run.sessionId !== null && !options.behavior.retriesChatRuns;
    const retryDelay = hasOneAttempt ? undefined : retryAfter(entry.run, entry.attempt, how);
    if (retryDelay === undefined) return end(entry, endOf(how), async () => {});
    log("attempt ended, retrying", { run: entry.run.id, attempt: entry.attempt, delay: retryDelay });
    entry.status = "QUEUED";
    save(entry, () => runs.setStatus(entry.run.id, "QUEUED"));
    queueLater(entry, retryDelay);
  }

  /** It says nothing about the run, whose attempt has not begun: the next worker gets more time. */
  async function bootFailed(entry: Entry, how: Extract<AttemptEnd, { kind: "crashed" }>): Promise<void> {
    entry.attempt -= 1;
    entry.failedBoots += 1;
    if (how.exitCode === null) boots.failed();
    else entry.brokenBoots += 1;
    if (entry.brokenBoots >= BROKEN_BOOTS_LIMIT) return end(entry, endOf(how), async () => {});
    const delay = boots.pauseMs(entry.failedBoots);
    const { run, failedBoots: tries } = entry;
    log("worker did not start, trying again", {
      run: run.id,
      session: run.sessionId,
      tries,
      delay,
      reason: how.message,
    });
    queueLater(entry, delay);
  }

  function queueLater(entry: Entry, delay: number): void {
    entry.cancelTimer = callAt(Date.now() + delay, () => {
      queue.add(entry);
      pump();
    });
    pump();
  }

  function end(entry: Entry, how: RunEnd, stop: (worker: Worker) => Promise<void>): Promise<void> {
    entry.leaving = true;
    entry.ending ??= (async () => {
      entry.cancelTimer?.();
      queue.remove(entry);
      if (entry.worker) await stop(entry.worker);
      await entry.saved;
      const run = await persistently(() => runs.finish(entry.run.id, how));
      live.delete(entry.run.id);
      log("run ended", {
        run: entry.run.id,
        session: entry.run.sessionId,
        status: how.status,
        code: how.error?.code,
        reason: how.error?.message,
      });
      pump();
      if (run && !closing) await persistently(() => options.onEnd(run));
    })();
    return entry.ending;
  }

  function save(entry: Entry, write: () => Promise<unknown>): void {
    entry.saved = entry.saved.then(() => persistently(write));
  }

  /** How a run ended must not be lost to a database that is away for a moment; gives up only when the engine stops. */
  async function persistently<Result>(write: () => Promise<Result>): Promise<Result | undefined> {
    for (let pause = 100; !closing; pause = Math.min(pause * 2, 2_000)) {
      try {
        return await write();
      } catch (error) {
        log("database write failed, trying again", { error: (error as Error).message });
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    return undefined;
  }
}

function expired({ run }: LiveRun): RunEnd {
  const message = `The run was not started within its time to live (${run.expiresAt?.toISOString()})`;
  return { status: "EXPIRED", error: { type: "INTERNAL_ERROR", code: "TTL_EXPIRED", message } };
}
