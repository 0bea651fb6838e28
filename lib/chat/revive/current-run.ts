/** The run of a chat's session, and whether it died. */
import { runs, sessions } from "@trigger.dev/sdk";

type CurrentRun = {
  id: string;
  isAlive: boolean;
  isQueued: boolean;
  hasCrashed: boolean;
  /** Somebody ended its process: a deployment, or a machine that was drained. No question causes that. */
  wasInterrupted: boolean;
};

const QUEUED = new Set(["PENDING_VERSION", "DELAYED", "QUEUED", "DEQUEUED"]);
const ALIVE = new Set([...QUEUED, "EXECUTING", "WAITING"]);
/** Ends that say nothing about the question: it left by itself, or it never came to it. */
const BLAMELESS = new Set(["COMPLETED", "EXPIRED"]);
/** Of the embedded engine, and of Trigger.dev. */
const INTERRUPTED = /\b(ENGINE_RESTARTED|TASK_PROCESS_SIGTERM)\b/;

/** The run that the chat's session had last; undefined when it has no session, or the run is long gone. */
export async function currentRun(chatId: string): Promise<CurrentRun | undefined> {
  const session = await orMissing(sessions.retrieve(chatId));
  if (!session?.currentRunId) return undefined;
  const run = await orMissing(runs.retrieve(session.currentRunId));
  if (!run) {
    const id = session.currentRunId;
    return { id, isAlive: false, isQueued: false, hasCrashed: false, wasInterrupted: false };
  }
  return {
    id: run.id,
    isAlive: ALIVE.has(run.status),
    isQueued: QUEUED.has(run.status),
    hasCrashed: !ALIVE.has(run.status) && !BLAMELESS.has(run.status),
    wasInterrupted: INTERRUPTED.test(`${run.error?.name} ${run.error?.message}`),
  };
}

async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { status?: unknown }).status === 404) return undefined;
    throw error;
  }
}

/** Whether the chat's run waits for a worker. */
export async function isQueued(chatId: string): Promise<boolean> {
  return (await currentRun(chatId))?.isQueued ?? false;
}
