/**
 * The interface between the engine, which decides what runs, and the host, which provides the workers. A worker takes
 * one run only, because the SDK keeps its managers on `globalThis`.
 */
import type { MachineName, machineOf } from "./machines";

/** The input of `TaskExecutor` for one attempt of one run. Dates stay `Date` objects across the process boundary. */
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
  machine: ReturnType<typeof machineOf>;
};

/** A completed waitpoint for the run that waits for it (the SDK's `CompletedWaitpoint`). */
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

/** The executor's result of one attempt. */
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

/** How an attempt ended: the executor returned a result, or the worker died. */
export type AttemptEnd =
  | { kind: "returned"; result: AttemptResult }
  | { kind: "crashed"; code: CrashCode; message: string; exitCode: number | null; signal: string | null };

/** The process died, or timed out, before the task began. So the task itself can't be the cause. */
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
  /** Leaves the loaded spare worker to another person: the run loads its own worker, at a lower priority. */
  leavesSpare?: boolean;
  /** The boot timeout, from now on, of a worker that has not loaded yet. */
  bootTimeoutMs?: number;
  /** Called when the task is about to begin. From now on it may be the cause of a crash. */
  onStarted(): void;
  /** Called when the run parks on a waitpoint (`true`) or continues (`false`). */
  onSuspendable(suspendable: boolean): void;
  /** Called exactly once, after the worker is gone or can no longer write. */
  onEnd(end: AttemptEnd): void;
};

export type Worker = {
  /** Undefined until the operating system has given the process an id. */
  readonly pid: number | undefined;
  /** The version of the bundle that this attempt runs. A rebuild does not change it. */
  readonly version: string;
  resolveWaitpoint(waitpoint: CompletedWaitpoint): void;
  /** Cancels the run (abort signal, cancel hooks) and kills it after a grace period. Resolves when the process is gone. */
  cancel(): Promise<void>;
  /** Kills the process. Resolves when it is gone. */
  kill(): Promise<void>;
};

export type WorkerHost = {
  execute(options: ExecuteOptions): Worker;
  /** Returns the tasks of the newest bundle by id, with their authors' retry settings. */
  tasks(): ReadonlyMap<string, TaskInfo>;
  /** Returns the prompts of the newest bundle by id. */
  prompts(): ReadonlyMap<string, PromptInfo>;
  /** Returns the version of the newest bundle that boots. The next run gets it. */
  version(): string;
  /** Returns the time since when the next run gets that version. */
  adoptedAt(): Date;
  close(): Promise<void>;
};

/** Logs one line. `runId` names the run whose worker wrote it. */
export type WorkerLog = (
  level: "debug" | "info" | "warn" | "error",
  message: string,
  fields?: { runId?: string },
) => void;

export type TaskInfo = {
  id: string;
  filePath: string;
  retry?: { maxAttempts?: number };
  machine?: MachineName;
  /** For the attempt after one that ran out of memory. */
  oomMachine?: MachineName;
  /** What `schedules.task` declares. */
  schedule?: { cron: string; timezone: string };
};

export type PromptInfo = {
  id: string;
  content: string;
  model?: string | undefined;
  config?: Record<string, unknown> | undefined;
};
