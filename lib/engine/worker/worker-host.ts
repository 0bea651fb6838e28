/**
 * The seam between the engine, which decides that a run should live, and whatever gives it a place to live.
 * One run per worker: the SDK keeps its managers on `globalThis`, so two runs cannot share one.
 */

/** What `TaskExecutor` needs to run one attempt of one run. Dates stay `Date` objects across the channel. */
export type Execution = {
  task: { id: string; filePath: string };
  attempt: { number: number; startedAt: Date };
  run: {
    id: string;
    payload: string;
    payloadType: string;
    tags: string[];
    isTest: false;
    isReplay: false;
    createdAt: Date;
    startedAt: Date;
    maxAttempts?: number;
    maxDuration?: number;
    version: string;
    metadata: Record<string, unknown>;
    traceContext: Record<string, unknown>;
    realtimeStreamsVersion: "v2";
    parentTaskRunId?: string;
  };
  queue: { id: string; name: string };
  environment: { id: string; slug: string; type: "DEVELOPMENT" };
  organization: { id: string; slug: string; name: string };
  project: { id: string; ref: string; slug: string; name: string };
  machine: { name: "small-1x"; cpu: number; memory: number; centsPerMs: number };
};

/** A settled waitpoint on its way to the run that waits for it (the SDK's `CompletedWaitpoint`). */
export type CompletedWaitpoint = {
  id: string;
  index: number;
  friendlyId: string;
  type: "MANUAL" | "DATETIME" | "RUN";
  completedAt: Date;
  output?: string;
  outputType?: string;
  outputIsError: boolean;
  completedByTaskRun?: { id: string; friendlyId: string };
};

/** What the executor returned for one attempt. */
export type AttemptResult =
  | { ok: true; id: string; output?: string; outputType: string }
  | {
      ok: false;
      id: string;
      error: AttemptError;
      retry?: { timestamp: number; delay: number };
      skippedRetrying?: boolean;
    };

export type AttemptError = {
  type: string;
  code?: string;
  name?: string;
  message?: string;
  stackTrace?: string;
};

/** How an attempt ended: the executor answered, or the worker died under it. */
export type AttemptEnd =
  | { kind: "returned"; result: AttemptResult }
  | { kind: "crashed"; code: CrashCode; message: string; exitCode: number | null; signal: string | null };

/** The process was gone before the task began, or never got that far in time: nothing that it was to do can be why. */
export const NEVER_STARTED = "TASK_PROCESS_NEVER_STARTED";

export type CrashCode =
  | typeof NEVER_STARTED
  | "TASK_PROCESS_OOM_KILLED"
  | "TASK_RUN_UNCAUGHT_EXCEPTION"
  | "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE"
  | "TASK_PROCESS_SIGNALED";

export type ExecuteOptions = {
  execution: Execution;
  /** Added to the worker's environment before the task runs (`TRIGGER_API_URL`, `TRIGGER_SECRET_KEY`). */
  env: Record<string, string>;
  /** A worker that has loaded already is for somebody else: this one loads its own, and is behind them for a processor. */
  leavesSpare?: boolean;
  /** What loading may take from now on, when the worker that takes this on has not loaded yet. */
  bootTimeoutMs?: number;
  /** The task is about to begin: what ends the worker from now on may be its fault. */
  onStarted(): void;
  /** The run parked itself on a waitpoint (`true`) or went on (`false`). */
  onSuspendable(suspendable: boolean): void;
  /** Called exactly once, after the worker is gone or can no longer write. */
  onEnd(end: AttemptEnd): void;
};

export type Worker = {
  /** Undefined until the operating system has given the process an id. */
  readonly pid: number | undefined;
  /** The bundle this attempt runs; a rebuild does not change it. */
  readonly version: string;
  resolveWaitpoint(waitpoint: CompletedWaitpoint): void;
  /** Asks the run to leave (abort signal, cancel hooks), then kills it after a grace period. Resolves when it is gone. */
  cancel(): Promise<void>;
  /** Resolves when the process is gone. */
  kill(): Promise<void>;
};

export type WorkerHost = {
  execute(options: ExecuteOptions): Worker;
  /** Task ids of the newest bundle, with the retry settings their authors gave. */
  tasks(): ReadonlyMap<string, TaskInfo>;
  /** Prompts that the task files of the newest bundle define, by id. */
  prompts(): ReadonlyMap<string, PromptInfo>;
  /** The newest bundle that boots: what the next run will get. */
  version(): string;
  close(): Promise<void>;
};

/** One line for the log of whoever runs the host. `runId` names the run whose worker wrote it. */
export type WorkerLog = (
  level: "debug" | "info" | "warn" | "error",
  message: string,
  fields?: { runId?: string },
) => void;

export type TaskInfo = { id: string; filePath: string; retry?: { maxAttempts?: number } };

export type PromptInfo = {
  id: string;
  content: string;
  model?: string | undefined;
  config?: Record<string, unknown> | undefined;
};
