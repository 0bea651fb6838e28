/** What a long job tells the pages that watch it, on a side channel of its chat's session. Both sides share this file. */

export const PROGRESS_CHANNEL = "progress";

export type JobState = "running" | "done" | "canceled" | "failed";

/** A record of the channel's `.out`. The newest one of a job says how far it is. */
export type JobProgress = { jobId: string; state: JobState; done: number; total: number };

/** A record of the channel's `.in`. It wakes no run: a job that runs now, or later, reads it. */
export type JobControl = { jobId: string; cancel: true };

/** What the tool `longJob` returns. */
export type StartedJob = { jobId: string; name: string; steps: number; note: string };

/** The job that a call of `longJob` started; undefined while it hasn't. */
export function startedJob(part: { state: string; output?: unknown }): StartedJob | undefined {
  if (part.state !== "output-available") return undefined;
  const { jobId, name } = (part.output ?? {}) as Partial<StartedJob>;
  return typeof jobId === "string" && typeof name === "string" ? (part.output as StartedJob) : undefined;
}
