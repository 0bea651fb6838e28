/**
 * The living: every run that is queued, executing or parked has an entry here and a worker of its own. A run has
 * ended when its worker is gone, its row says so and its entry is removed, in that order; only then may another take over.
 */
import { ENVIRONMENT_ID } from "./auth";
import { type Caller, callerUrl } from "./http";
import type { Log } from "./log";
import type { Run, Runs, RunStatus } from "./runs";
import type {
  AttemptEnd,
  AttemptError,
  CompletedWaitpoint,
  Execution,
  Worker,
  WorkerHost,
} from "./worker-host";

export type RunEnd = { status: RunStatus; output?: string; outputType?: string; error?: AttemptError };

export type LiveRun = {
  run: Run;
  attempt: number;
  status: "QUEUED" | "EXECUTING" | "WAITING";
  worker: Worker | undefined;
  /** Runs that must be gone first (the predecessor of an upgrade). */
  after: string | undefined;
  /** When the run last wrote, took a message or parked: what the watchdog and the reclaiming go by. */
  activeAt: number;
};

type Entry = LiveRun & {
  /** Set before anything is done about it: from then on the attempt must not write, and its own end is no news. */
  leaving: boolean;
  ending: Promise<void> | undefined;
  /** Executing time used up before `executingSince`; parked time does not count. */
  spentMs: number;
  executingSince: number | undefined;
  timer: NodeJS.Timeout | undefined;
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
  /** A worker is wanted and none may be added: asked to free this parked run. */
  onPressure(runId: string): void;
  onEnd(run: Run): Promise<void>;
  log: Log;
};

/** The SDK aborts a run at its limit and lets it say goodbye; after that the process goes. */
const MAX_DURATION_GRACE_MS = 5_000;
const PREDECESSOR_PATIENCE_MS = 60_000;
const OUT_OF_MEMORY_ATTEMPTS = 2;

export function createAttempts(options: Options) {
  const { host, runs, log } = options;
  const live = new Map<string, Entry>();
  const waiting: Entry[] = [];
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
        leaving: false,
        ending: undefined,
        spentMs: 0,
        executingSince: undefined,
        timer: undefined,
        saved: Promise.resolve(),
      };
      live.set(run.id, entry);
      waiting.push(entry);
      if (entry.after !== undefined) impatient(entry.after);
      pump();
    },

    find(runId: string): LiveRun | undefined {
      return live.get(runId);
    },

    all(): LiveRun[] {
      return [...live.values()];
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
      for (const entry of live.values()) clearTimeout(entry.timer);
    },
  };

  function pump(): void {
    if (closing) return;
    for (const entry of [...waiting]) {
      if (entry.after !== undefined && live.has(entry.after)) continue;
      if (working() >= options.maxWorkers) {
        const parked = longestParked();
        if (parked) options.onPressure(parked.run.id);
        log("run queued", { run: entry.run.id, session: entry.run.sessionId, workers: working() });
        return;
      }
      waiting.splice(waiting.indexOf(entry), 1);
      execute(entry);
    }
  }

  function working(): number {
    let count = 0;
    for (const entry of live.values()) if (entry.worker) count++;
    return count;
  }

  function longestParked(): Entry | undefined {
    const parked = [...live.values()].filter(
      (entry) => entry.status === "WAITING" && entry.worker && !entry.leaving,
    );
    return parked.toSorted((a, b) => a.activeAt - b.activeAt)[0];
  }

  function execute(entry: Entry): void {
    entry.attempt += 1;
    entry.status = "EXECUTING";
    entry.activeAt = entry.executingSince = Date.now();
    const { run, attempt } = entry;
    const version = host.version();
    save(entry, () => runs.start(run.id, attempt, version));
    entry.worker = host.execute({
      execution: executionOf(run, attempt, version, host.tasks().get(run.task)?.filePath ?? run.task),
      env: {
        TRIGGER_API_URL: callerUrl(options.engineUrl(), { runId: run.id, attempt }),
        TRIGGER_SECRET_KEY: options.secretKey,
      },
      onSuspendable: (suspendable) => park(entry, attempt, suspendable),
      onEnd: (how) => {
        if (!entry.leaving && entry.attempt === attempt) void attemptEnded(entry, how);
      },
    });
    watchDuration(entry);
    log("attempt started", {
      run: run.id,
      session: run.sessionId,
      attempt,
      reason: run.reason,
      pid: entry.worker.pid,
      waited: entry.activeAt - run.createdAt.getTime(),
    });
  }

  function park(entry: Entry, attempt: number, suspendable: boolean): void {
    if (entry.leaving || entry.attempt !== attempt) return;
    const status = suspendable ? "WAITING" : "EXECUTING";
    if (status === entry.status) return;
    entry.status = status;
    entry.activeAt = Date.now();
    if (suspendable && entry.executingSince !== undefined) {
      entry.spentMs += Date.now() - entry.executingSince;
      entry.executingSince = undefined;
      clearTimeout(entry.timer);
      if (waiting.length > 0) pump();
    } else {
      entry.executingSince = Date.now();
      watchDuration(entry);
    }
    save(entry, () => runs.setStatus(entry.run.id, status));
  }

  function watchDuration(entry: Entry): void {
    clearTimeout(entry.timer);
    if (entry.run.maxDuration === null) return;
    const left = entry.run.maxDuration * 1_000 + MAX_DURATION_GRACE_MS - entry.spentMs;
    entry.timer = setTimeout(() => {
      const message = `The run took longer than its limit of ${entry.run.maxDuration} s`;
      const error = { type: "INTERNAL_ERROR", code: "MAX_DURATION_EXCEEDED", message };
      void end(entry, { status: "TIMED_OUT", error }, (worker) => worker.kill());
    }, left);
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
    clearTimeout(entry.timer);
    entry.worker = undefined;
    const retryDelay = retryAfter(entry, how);
    if (retryDelay === undefined) return end(entry, endOf(how), async () => {});
    log("attempt ended, retrying", { run: entry.run.id, attempt: entry.attempt, delay: retryDelay });
    entry.status = "QUEUED";
    save(entry, () => runs.setStatus(entry.run.id, "QUEUED"));
    entry.timer = setTimeout(() => {
      waiting.push(entry);
      pump();
    }, retryDelay);
    pump();
  }

  function end(entry: Entry, how: RunEnd, stop: (worker: Worker) => Promise<void>): Promise<void> {
    entry.leaving = true;
    entry.ending ??= (async () => {
      clearTimeout(entry.timer);
      const queued = waiting.indexOf(entry);
      if (queued >= 0) waiting.splice(queued, 1);
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

function retryAfter(entry: Entry, how: AttemptEnd): number | undefined {
  const ranOutOfMemory =
    how.kind === "crashed"
      ? how.code === "TASK_PROCESS_OOM_KILLED"
      : !how.result.ok && how.result.error.message === "MANUAL_OOM_KILL_ERROR";
  if (ranOutOfMemory) {
    const allowed = Math.min(entry.run.maxAttempts ?? OUT_OF_MEMORY_ATTEMPTS, OUT_OF_MEMORY_ATTEMPTS);
    return entry.attempt < allowed ? 100 : undefined;
  }
  if (how.kind === "crashed" || how.result.ok || how.result.skippedRetrying) return undefined;
  return how.result.retry?.delay;
}

function endOf(how: AttemptEnd): RunEnd {
  if (how.kind === "crashed") {
    return { status: "CRASHED", error: { type: "INTERNAL_ERROR", code: how.code, message: how.message } };
  }
  const { result } = how;
  if (!result.ok) {
    return {
      status: result.error.code === "MAX_DURATION_EXCEEDED" ? "TIMED_OUT" : "FAILED",
      error: result.error,
    };
  }
  if (result.output === undefined) return { status: "COMPLETED", outputType: result.outputType };
  return { status: "COMPLETED", output: result.output, outputType: result.outputType };
}

function executionOf(run: Run, attempt: number, version: string, filePath: string): Execution {
  const now = new Date();
  return {
    task: { id: run.task, filePath },
    attempt: { number: attempt, startedAt: now },
    run: {
      id: run.id,
      payload: run.payload,
      payloadType: run.payloadType,
      tags: run.tags,
      isTest: false,
      isReplay: false,
      createdAt: run.createdAt,
      startedAt: run.startedAt ?? now,
      version,
      metadata: run.metadata,
      traceContext: {},
      realtimeStreamsVersion: "v2",
      // Only when asked for: it overrides the task's own retry settings.
      ...(run.maxAttempts === null ? {} : { maxAttempts: run.maxAttempts }),
      ...(run.maxDuration === null ? {} : { maxDuration: run.maxDuration }),
      ...(run.parentId === null ? {} : { parentTaskRunId: run.parentId }),
    },
    queue: { id: "queue_local", name: `task/${run.task}` },
    environment: { id: ENVIRONMENT_ID, slug: "dev", type: "DEVELOPMENT" },
    organization: { id: "org_local", slug: "local", name: "Local" },
    project: { id: "proj_local", ref: "proj_local", slug: "local", name: "Local" },
    machine: { name: "small-1x", cpu: 0.5, memory: 0.5, centsPerMs: 0 },
  };
}
