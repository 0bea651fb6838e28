/**
 * A job that outlives the answer which started it. It shows its progress on a side channel of the chat's session, and is
 * canceled there. When its worker dies, a new run continues after the last step that was saved.
 */
import { setTimeout as pause } from "node:timers/promises";
import { sessions, task } from "@trigger.dev/sdk";
import { progress } from "@/lib/agent/progress-channel";
import { moveJob, progressOf, takeJob } from "@/lib/chat/long-jobs/long-jobs";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import type { JobState } from "@/lib/agent/progress";

/** Stands for a piece of real work. Replace `doStep`, and keep each step safe to repeat. */
const STEP_MS = 500;

export const longJob = task({
  id: "long-job",
  maxDuration: 3600,
  run: async ({ jobId }: { jobId: string }, { ctx, signal }) => {
    const own = { id: jobId, runId: ctx.run.id };
    const saving = <T>(work: () => Promise<T>) => withRetry(work, { doing: `Saving job ${jobId}` });
    const job = await saving(() => takeJob(db, jobId, ctx.run.id));
    if (!job) return;
    const { out, in: controls } = sessions.open(job.chatId).channel(progress);
    const canceled = new AbortController();
    // Records stay in the channel, so a cancel that came while no run was alive is read now.
    const listening = controls.on((control) => {
      if (control?.jobId === jobId && control.cancel === true) canceled.abort();
    });
    const stop = AbortSignal.any([signal, canceled.signal]);
    let { done } = job;
    // The row first: a page may read it at any time, and must not see less than a record said.
    const move = async (state: JobState) => {
      const isOwn = await saving(() => moveJob(db, own, { done, state }));
      if (isOwn) await out.append(progressOf({ ...job, done, state }));
      return isOwn;
    };
    try {
      if (!(await move("running"))) return;
      while (done < job.total) {
        await doStep(stop);
        done += 1;
        if (!(await move(done < job.total ? "running" : "done"))) return;
      }
    } catch (error) {
      if (!canceled.signal.aborted) throw error;
      await move("canceled");
    } finally {
      listening.off();
    }
  },
});

async function doStep(signal: AbortSignal): Promise<void> {
  await pause(STEP_MS, undefined, { signal });
}
