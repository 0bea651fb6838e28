/** The run of a chat's session, and whether it died. */
import { runs, sessions } from "@trigger.dev/sdk";

type CurrentRun = {
  id: string;
  isAlive: boolean;
  isQueued: boolean;
  hasCrashed: boolean;
  /** Somebody ended its process: a deployment, or a machine that was drained. No question causes that. */
  wasInterrupted: boolean;
  /** It needed more memory than its machine has, also than the larger one that its last attempt had. */
  ranOutOfMemory: boolean;
};

const QUEUED = new Set(["PENDING_VERSION", "DELAYED", "QUEUED", "DEQUEUED"]);
const ALIVE = new Set([...QUEUED, "EXECUTING", "WAITING"]);
/** Ends that say nothing about the question: it left by itself, or it never came to it. */
const BLAMELESS = new Set(["COMPLETED", "EXPIRED"]);
/** Of the embedded engine, and of Trigger.dev. */
const OUT_OF_MEMORY = /\b(TASK_PROCESS_OOM_KILLED|MANUAL_OOM_KILL_ERROR)\b/;
const INTERRUPTED = /\b(ENGINE_RESTARTED|TASK_PROCESS_SIGTERM)\b/;

/** The run that the chat's session had last; undefined when it has no session, or the run is long gone. */
export async function currentRun(chatId: string): Promise<CurrentRun | undefined> {
  const session = await orMissing(sessions.retrieve(chatId));
  if (!session?.currentRunId) return undefined;
  const run = await orMissing(runs.retrieve(session.currentRunId));
  if (!run) {
    const gone = { isAlive: false, isQueued: false, hasCrashed: false };
    return { id: session.currentRunId, ...gone, wasInterrupted: false, ranOutOfMemory: false };
  }
  const words = `${run.error?.name} ${run.error?.message}`;
  return {
    id: run.id,
    isAlive: ALIVE.has(run.status),
    isQueued: QUEUED.has(run.status),
    hasCrashed: !ALIVE.has(run.status) && !BLAMELESS.has(run.status),
    wasInterrupted: INTERRUPTED.test(words),
    ranOutOfMemory: OUT_OF_MEMORY.test(words),
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
