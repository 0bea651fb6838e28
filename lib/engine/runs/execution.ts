/** Translates between a stored run and the SDK executor's forms: executions, results and completed waitpoints. Pure. */
import { ENVIRONMENT_ID } from "../http/auth";
import type { Run, RunStatus } from "./runs";
import { type MachineName, machineOf } from "../worker/machines";
import type { AttemptEnd, AttemptError, CompletedWaitpoint, Execution } from "../worker/worker-host";

export type RunEnd = { status: RunStatus; output?: string; outputType?: string; error?: AttemptError };

const OUT_OF_MEMORY_ATTEMPTS = 2;

/** The error code of a run whose output could not be stored. */
export const STORE_UNAVAILABLE = "STORE_UNAVAILABLE";

export function ranOutOfMemory(error: AttemptError | null | undefined): boolean {
  // The second is what the SDK makes of an `OutOfMemoryError` that the task throws.
  return error?.code === "TASK_PROCESS_OOM_KILLED" || error?.message === "MANUAL_OOM_KILL_ERROR";
}

/** Returns the milliseconds until the next attempt of the run, or undefined if there is none. */
export function retryAfter(run: Run, attempt: number, how: AttemptEnd): number | undefined {
  if (ranOutOfMemory(endOf(how).error)) {
    const allowed = Math.min(run.maxAttempts ?? OUT_OF_MEMORY_ATTEMPTS, OUT_OF_MEMORY_ATTEMPTS);
    return attempt < allowed ? 100 : undefined;
  }
  if (how.kind === "crashed" || how.result.ok || how.result.skippedRetrying) return undefined;
  return how.result.retry?.delay;
}

export function internalError(code: string, message: string): AttemptError {
  return { type: "INTERNAL_ERROR", code, message };
}

export function endOf(how: AttemptEnd): RunEnd {
  if (how.kind === "crashed") {
    return { status: "CRASHED", error: internalError(how.code, how.message) };
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

export type AttemptPlace = { version: string; filePath: string; machine: MachineName };

export function executionOf(
  run: Run,
  attempt: number,
  { version, filePath, machine }: AttemptPlace,
): Execution {
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
      // Only if the caller set it, because it overrides the task's own retry settings.
      ...(run.maxAttempts === null ? {} : { maxAttempts: run.maxAttempts }),
      ...(run.maxDuration === null ? {} : { maxDuration: run.maxDuration }),
      ...(run.parentId === null ? {} : { parentTaskRunId: run.parentId }),
    },
    queue: { id: "queue_local", name: `task/${run.task}` },
    environment: { id: ENVIRONMENT_ID, slug: "dev", type: "DEVELOPMENT" },
    organization: { id: "org_local", slug: "local", name: "Local" },
    project: { id: "proj_local", ref: "proj_local", slug: "local", name: "Local" },
    machine: machineOf(machine),
  };
}

/** The end of a run whose appends were refused for good. */
export function writerLost(reason: string, status: number): RunEnd {
  const code = status >= 500 ? STORE_UNAVAILABLE : "WRITER_LOST";
  return { status: "CRASHED", error: internalError(code, reason) };
}

/** The completed waitpoint that a parent gets when a run it waits for has ended. */
export function waitpointOf(run: Run): CompletedWaitpoint {
  const failed = run.status !== "COMPLETED";
  const output = failed
    ? JSON.stringify(run.error ?? { type: "STRING_ERROR", raw: `Run ${run.status}` })
    : run.output;
  return {
    id: run.id,
    index: 0,
    friendlyId: `waitpoint_${run.id}`,
    type: "RUN",
    completedAt: run.finishedAt ?? new Date(),
    outputIsError: failed,
    completedByTaskRun: { id: run.id, friendlyId: run.id },
    ...(output === null
      ? {}
      : { output, outputType: failed ? "application/json" : (run.outputType ?? "application/json") }),
  };
}
