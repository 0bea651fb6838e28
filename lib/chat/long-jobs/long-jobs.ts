/**
 * Long jobs: work that a chat started and that outlives its answer. The row is the truth, and the side channel only shows
 * it live: a page that missed a record, or a channel that was emptied, loses nothing.
 */
import { idempotencyKeys, runs, sessions, tasks } from "@trigger.dev/sdk";
import { progress } from "@/lib/agent/progress-channel";
import type { JobProgress, JobState } from "@/lib/agent/progress";
import type { Db } from "@/lib/db/client";
import { failuresOf } from "@/lib/db/batches";
import type { LongJob } from "@/prisma/generated/client";

export type NewJob = { id: string; chatId: string; name: string; total: number };

/** Runs that die more often than this end the job. */
const MAX_STARTS = 5;
/** A job that hasn't moved for this long may be dead. */
const SILENT_MS = 10_000;
const BATCH = 20;

/** Starts the job once: with an id that is known, the job is left as it is. */
export async function startJob(db: Db, job: NewJob): Promise<void> {
  await db.longJob.createMany({ data: [job], skipDuplicates: true });
  await ensureRun(db, job.id);
}

/** The job as its page shows it, or undefined if the chat has no such job. */
export async function findJob(db: Db, job: { id: string; chatId: string }): Promise<JobProgress | undefined> {
  const row = await db.longJob.findUnique({ where: job });
  return row ? progressOf(row) : undefined;
}

/**
 * The job for the run that works on it. Undefined when there is nothing to do: the job has ended, its chat was removed, or
 * another run has it.
 */
export async function takeJob(db: Db, id: string, runId: string): Promise<LongJob | undefined> {
  const [taken] = await db.longJob.updateManyAndReturn({
    where: { id, state: "running", OR: [{ runId }, { runId: null }], chat: { deletedAt: null } },
    data: { runId, movedAt: new Date() },
  });
  return taken;
}

/** Saves how far the run has come, or how it ended. False: the job is no longer this run's. */
export async function moveJob(
  db: Db,
  { id, runId }: { id: string; runId: string },
  move: { done?: number; state?: JobState },
): Promise<boolean> {
  const { count } = await db.longJob.updateMany({
    where: { id, runId, state: "running", chat: { deletedAt: null } },
    data: { ...move, movedAt: new Date() },
  });
  return count > 0;
}

/** Starts a new run for each job whose run died, in both engine modes. Resolves with the failures. */
export async function restartDeadJobs(db: Db, now = new Date()): Promise<unknown[]> {
  const silent = await db.longJob.findMany({
    where: {
      state: "running",
      movedAt: { lt: new Date(now.getTime() - SILENT_MS) },
      chat: { deletedAt: null },
    },
    orderBy: { movedAt: "asc" },
    take: BATCH,
  });
  return failuresOf(silent, (job) => lookAfterJob(db, job, now));
}

async function lookAfterJob(db: Db, { id, runId, starts }: LongJob, movedAt: Date): Promise<void> {
  const where = { id, runId, state: "running" };
  const run = runId === null ? "none" : await fateOf(runId);
  // It waits for a worker, or for a slow step. The next look comes after the same pause.
  if (run === "live") return void (await db.longJob.updateMany({ where, data: { movedAt } }));
  if (run === "canceled" || (run === "dead" && starts >= MAX_STARTS)) {
    const state: JobState = run === "canceled" ? "canceled" : "failed";
    const [ended] = await db.longJob.updateManyAndReturn({ where, data: { state, movedAt } });
    if (ended) await tellPages(ended.chatId, progressOf(ended));
    return;
  }
  const data = { runId: null, movedAt, ...(run === "dead" && { starts: { increment: 1 } }) };
  const { count } = await db.longJob.updateMany({ where, data });
  if (count > 0) await ensureRun(db, id);
}

/** Safe to repeat after a crash: the key makes the second call return the first call's run. */
async function ensureRun(db: Db, id: string): Promise<void> {
  const job = await db.longJob.findUnique({ where: { id }, include: { chat: { select: { userId: true } } } });
  if (!job || job.state !== "running" || job.runId !== null) return;
  const run = await tasks.trigger(
    "long-job",
    { jobId: id },
    {
      idempotencyKey: await idempotencyKeys.create(`${id}:${job.starts}`, { scope: "global" }),
      tags: [`chat:${job.chatId}`],
      // Apart from the person's answers, which must not wait for their jobs.
      concurrencyKey: `jobs:${job.chat.userId}`,
    },
  );
  // The run may have taken the job already.
  await db.longJob.updateMany({ where: { id, runId: null, starts: job.starts }, data: { runId: run.id } });
}

async function fateOf(runId: string): Promise<"live" | "canceled" | "dead"> {
  try {
    const run = await runs.retrieve(runId);
    if (!run.isCompleted) return "live";
    // By whoever operates the site.
    return run.isCancelled ? "canceled" : "dead";
  } catch (error) {
    // The engine's data was deleted, or the app moved to another engine.
    if ((error as { status?: number }).status === 404) return "dead";
    throw error;
  }
}

/** Writes to the side channel of the chat's session. */
async function tellPages(chatId: string, record: JobProgress): Promise<void> {
  await sessions.open(chatId).channel(progress).out.append(record);
}

export function progressOf({ id, state, done, total }: LongJob): JobProgress {
  return { jobId: id, state: state as JobState, done, total };
}
