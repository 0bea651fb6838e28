/** Starts a long job (trigger/long-job.ts) and returns at once: the job's card shows how far it is. */
import { tool } from "ai";
import { toolSchemas } from "@/lib/agent/tool-schemas";
import { effectKey } from "@/lib/chat/effects/ledger";
import { startJob } from "@/lib/chat/long-jobs/long-jobs";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { currentTurn } from "./turn";

export const longJob = tool({
  ...toolSchemas.longJob,
  execute: async (input) => {
    const { chatId, turn } = currentTurn();
    // The same for a turn that runs again, so that it finds its job instead of starting a second one.
    const id = effectKey({ chatId, turn, tool: "longJob", input }).replace("effect_", "job_");
    const job = { id, chatId, name: input.name, total: input.steps };
    await withRetry(() => startJob(db, job), { doing: `Starting job ${id}` });
    return {
      jobId: id,
      name: input.name,
      steps: input.steps,
      note: "Runs in the background. Its card shows the progress.",
    };
  },
});
