/**
 * Owns every live run: one that is queued, executing or parked has an entry here, and a worker of its own once it starts.
 * A run has ended when its worker is gone, its row says so and its entry is removed, in that order; only then may
 * another run take over.
 */
import { callAt } from "../duration";
import { type Caller, callerUrl } from "../http/caller";
import type { Log } from "../log";
import type { Behavior } from "../mode";
import { retry } from "../retry";
import { DEFAULT_MACHINE, largerMachine, type MachineName } from "../worker/machines";
import {
  type AttemptEnd,
  type CompletedWaitpoint,
  NEVER_STARTED,
  type Worker,
  type WorkerHost,
} from "../worker/worker-host";
import type { Boots } from "./boots";
import { endOf, executionOf, internalError, ranOutOfMemory, retryAfter, type RunEnd } from "./execution";
import { createEntry, type Entry, type LiveRun } from "./live-run";
import { createPlaces } from "./places";
import type { Run, Runs } from "./runs";

export type Attempts = ReturnType<typeof createAttempts>;

type Options = {
  host: WorkerHost;
  runs: Runs;
  engineUrl(): string;
  secretKey: string;
  maxWorkers: number;
  /** How many workers the runs of one person (one `concurrencyKey`) may have at a time. */
  maxWorkersPerKey: number;
  /** True for a parked run that can be asked to leave; one that waits for a child, a date or a token can't. */
  isReclaimable(runId: string): boolean;
  /** Asks this parked run to leave, because another run needs its place. */
  onPressure(runId: string): void;
  onEnd(run: Run): Promise<void>;
  boots: Boots;
  behavior: Behavior;
  log: Log;
};

/** The SDK aborts a run at its limit and gives it time to clean up; after that the worker is killed. */
const MAX_DURATION_GRACE_MS = 5_000;
/** From this many places on, a person's next run loads its own worker and leaves the spare one to someone else. */
const PLACES_WITH_SPARE = 2;
const PREDECESSOR_TIMEOUT_MS = 60_000;
/** A worker that exits while it loads will do so again; one that is slow, or is killed, may not. */
const BROKEN_BOOTS_LIMIT = 5;

const nothingToStop = async (): Promise<void> => {};

export function createAttempts(options: Options) {
  const { host, runs, boots, log } = options;
  const live = new Map<string, Entry>();
  const places = createPlaces<Entry>({
    ...options,
    live,
    start: execute,
    onExpired: (entry) => void end(entry, expired(entry), nothingToStop),
  });
  let closing = false;

  return {
    start(run: Run, after?: string): void {
      const entry = createEntry(run, after !== undefined && live.has(after) ? after : undefined);
      live.set(run.id, entry);
      places.add(entry);
      if (entry.after !== undefined) killPredecessorLater(entry.after);
      places.fill();
    },

    find(runId: string): LiveRun | undefined {
      return live.get(runId);
    },

    all(): LiveRun[] {
      return [...live.values()];
    },

    /** Returns 1 for the next run to get a place, and undefined for a run that is not queued. */
    queuePosition(runId: string): number | undefined {
      return places.position(runId);
    },

    /** False for an attempt that has ended or is being ended: a killed process may still have writes in flight. */
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

    /** Lets the run clean up (abort signal, cancel hooks), but no longer write to its session. */
    async cancel(runId: string): Promise<void> {
      const entry = live.get(runId);
      if (entry) await end(entry, { status: "CANCELED" }, (worker) => worker.cancel());
    },

    async kill(runId: string, how: RunEnd): Promise<void> {
      const entry = live.get(runId);
      if (entry) await end(entry, how, (worker) => worker.kill());
    },

    /** Stops without deciding how any run ended: their rows stay live, and the next engine recovers them. */
    close(): void {
      closing = true;
      places.close();
      for (const entry of live.values()) entry.cancelTimer?.();
    },
  };

  function execute(entry: Entry, placesOfOrigin: number): void {
    entry.attempt += 1;
    const { run, attempt } = entry;
    const version = host.version();
    const task = host.tasks().get(run.task);
    const machine = (entry.machine ??= task?.machine ?? DEFAULT_MACHINE);
    entry.worker = host.execute({
      execution: executionOf(run, attempt, { version, machine, filePath: task?.filePath ?? run.task }),
      env: {
        TRIGGER_API_URL: callerUrl(options.engineUrl(), { runId: run.id, attempt }),
        TRIGGER_SECRET_KEY: options.secretKey,
      },
      leavesSpare: entry.run.concurrencyKey !== null && placesOfOrigin >= PLACES_WITH_SPARE,
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
    const { machine = DEFAULT_MACHINE, outgrown } = entry;
    save(entry, () => runs.start(run.id, { attempt, version, machine, outgrown }));
    watchDuration(entry);
    log("attempt started", {
      run: run.id,
      session: run.sessionId,
      attempt,
      reason: attempt > 1 ? "retry" : run.reason,
      ...(machine === DEFAULT_MACHINE ? {} : { machine }),
      pid: entry.worker?.pid,
      waited: entry.activeAt - run.createdAt.getTime(),
    });
    places.fill();
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
      places.fill();
    } else {
      entry.executingSince = Date.now();
      watchDuration(entry);
    }
    save(entry, () => runs.setStatus(entry.run.id, status));
  }

  function watchDuration(entry: Entry): void {
    entry.cancelTimer?.();
    const { maxDuration } = entry.run;
    if (maxDuration === null) return;
    const left = maxDuration * 1_000 + MAX_DURATION_GRACE_MS - entry.spentMs;
    entry.cancelTimer = callAt(Date.now() + left, () => {
      const error = internalError(
        "MAX_DURATION_EXCEEDED",
        `The run took longer than its limit of ${maxDuration} s`,
      );
      void end(entry, { status: "TIMED_OUT", error }, (worker) => worker.kill());
    });
  }

  function killPredecessorLater(runId: string): void {
    const timer = setTimeout(() => {
      const entry = live.get(runId);
      const error = internalError("SUPERSEDED", "The run handed over to a new run but did not exit");
      if (entry) void end(entry, { status: "CRASHED", error }, (worker) => worker.kill());
    }, PREDECESSOR_TIMEOUT_MS);
    timer.unref();
  }

  async function attemptEnded(entry: Entry, how: AttemptEnd): Promise<void> {
    if (closing) return;
    entry.cancelTimer?.();
    entry.worker = undefined;
    if (how.kind === "crashed" && how.code === NEVER_STARTED) return bootFailed(entry, how);
    const ending = endOf(how);
    const isOutOfMemory = ranOutOfMemory(ending.error);
    const nextMachine = isOutOfMemory ? machineAfter(entry) : entry.machine;
    const isChat = entry.run.sessionId !== null;
    const mayRetry = isOutOfMemory ? nextMachine !== undefined : !isChat || options.behavior.retriesChatRuns;
    const retryDelay = mayRetry ? retryAfter(entry.run, entry.attempt, how) : undefined;
    if (retryDelay === undefined) return end(entry, ending, nothingToStop);
    if (isOutOfMemory) entry.outgrown = entry.machine;
    entry.machine = nextMachine;
    const { run, attempt, machine } = entry;
    log("attempt ended, retrying", {
      run: run.id,
      attempt,
      delay: retryDelay,
      code: ending.error?.code,
      machine,
    });
    entry.status = "QUEUED";
    save(entry, () => runs.setStatus(entry.run.id, "QUEUED"));
    queueLater(entry, retryDelay);
  }

  /** The machine for the attempt after one that ran out of memory; undefined if there is to be none. */
  function machineAfter({ run, machine = DEFAULT_MACHINE }: Entry): MachineName | undefined {
    const { oomMachine } = host.tasks().get(run.task) ?? {};
    const isChat = run.sessionId !== null;
    if (oomMachine !== undefined || (isChat && !options.behavior.retriesChatRuns)) return oomMachine;
    return largerMachine(machine);
  }

  /** The attempt has not begun, so a failed boot doesn't count against the run: the next worker gets more time. */
  async function bootFailed(entry: Entry, how: Extract<AttemptEnd, { kind: "crashed" }>): Promise<void> {
    entry.attempt -= 1;
    entry.failedBoots += 1;
    if (how.exitCode === null) boots.failed();
    else entry.brokenBoots += 1;
    if (entry.brokenBoots >= BROKEN_BOOTS_LIMIT) return end(entry, endOf(how), nothingToStop);
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
      places.add(entry);
      places.fill();
    });
    places.fill();
  }

  function end(entry: Entry, how: RunEnd, stop: (worker: Worker) => Promise<void>): Promise<void> {
    entry.leaving = true;
    entry.ending ??= (async () => {
      entry.cancelTimer?.();
      places.remove(entry);
      if (entry.worker) await stop(entry.worker);
      await entry.saved;
      const run = await writeUntilClosing(() => runs.finish(entry.run.id, how));
      live.delete(entry.run.id);
      log("run ended", {
        run: entry.run.id,
        session: entry.run.sessionId,
        status: how.status,
        code: how.error?.code,
        reason: how.error?.message,
      });
      places.fill();
      if (run && !closing) await writeUntilClosing(() => options.onEnd(run));
    })();
    return entry.ending;
  }

  function save(entry: Entry, write: () => Promise<unknown>): void {
    entry.saved = entry.saved.then(() => writeUntilClosing(write));
  }

  /** A database outage must not lose how a run ended, so the write is retried until the engine stops. */
  function writeUntilClosing<Result>(write: () => Promise<Result>): Promise<Result | undefined> {
    return retry(write, {
      firstPauseMs: 100,
      longestPauseMs: 2_000,
      isOver: () => closing,
      onFailure: ({ message }) => log("database write failed, trying again", { error: message }),
    });
  }
}

function expired({ run }: LiveRun): RunEnd {
  const message = `The run was not started within its time to live (${run.expiresAt?.toISOString()})`;
  return { status: "EXPIRED", error: internalError("TTL_EXPIRED", message) };
}
