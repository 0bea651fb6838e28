/**
 * Decides whether input that its runs don't answer deserves another run. Input that breaks run after run is quarantined:
 * hidden from the next run, and its turn ended with an error that the reader sees.
 */
import type { StreamRecord } from "../streams/records";
import { NEVER_STARTED } from "../worker/worker-host";
import { ranOutOfMemory, STORE_UNAVAILABLE } from "./execution";
import type { Run } from "./runs";
import type { Session } from "./session";
import type { Sessions } from "./sessions";

const CRASH_LIMIT = 2;
export const SWAP_LIMIT = 3;
/** Storage failures are not the message's fault, so more of them are allowed. */
const STORAGE_FAILURE_LIMIT = 5;

const CRASHED = "The agent crashed while answering this message.";
const OUT_OF_MEMORY =
  "The agent ran out of memory while answering this message, also on a larger machine. Your message is kept. Ask for less at once.";
const UPGRADE_LOOP = "The agent kept restarting on a new version instead of answering this message.";
const IGNORED = "The agent stopped several times without answering this message.";
const TOO_LONG = "The agent took too long to answer this message.";
const NOT_STARTED = "The agent couldn't be started to answer this message.";
const NOT_STORED = "The answer couldn't be saved after several attempts.";

export function createQuarantine(sessions: Sessions) {
  /** Runs whose end has been counted already: handling one end may take several attempts. */
  const counted = new WeakSet<Run>();
  const storageFailures = new Map<string, { seq: number; count: number }>();
  const abandoned = new Map<string, string>();

  return {
    reasonFor,

    /** Call when a session has no unanswered input left. */
    async reset(session: Session): Promise<void> {
      storageFailures.delete(session.id);
      if (session.stuckSeq !== null) await sessions.setStuck(session.id, null, 0, 0);
    },

    forget(session: Session): void {
      storageFailures.delete(session.id);
    },

    /** Gives this reason for the run's input while `stop` ends the run. */
    async whileAbandoned(runId: string, reason: string, stop: () => Promise<void>): Promise<void> {
      abandoned.set(runId, reason);
      await stop();
      abandoned.delete(runId);
    },
  };

  /** Returns what to tell the reader of the first unanswered message, or undefined if it deserves another run. */
  async function reasonFor(session: Session, run: Run, first: StreamRecord): Promise<string | undefined> {
    const abandonedFor = abandoned.get(run.id);
    if (abandonedFor !== undefined) return abandonedFor;
    if (run.status === "TIMED_OUT") return TOO_LONG;
    if (run.error?.code === STORE_UNAVAILABLE) {
      return countStorageFailure(session, run, first) > STORAGE_FAILURE_LIMIT ? NOT_STORED : undefined;
    }
    // Its second attempt had nothing but this message in it, so a third would end in the same way.
    if (ranOutOfMemory(run.error) && run.outgrown !== null) return OUT_OF_MEMORY;
    // The run's workers were restarted several times before the run ended.
    if (run.error?.code === NEVER_STARTED) return NOT_STARTED;
    const again = session.stuckSeq === first.seq;
    if (again && session.swaps >= SWAP_LIMIT) return UPGRADE_LOOP;
    const crashes = (again ? session.crashes : 0) + (counted.has(run) ? 0 : 1);
    await sessions.setStuck(session.id, first.seq, crashes, again ? session.swaps : 0);
    counted.add(run);
    // A run that was already leaving when the message came is not at fault, so a good end is allowed once more.
    if (run.status === "COMPLETED") return crashes > CRASH_LIMIT ? IGNORED : undefined;
    return crashes >= CRASH_LIMIT ? CRASHED : undefined;
  }

  function countStorageFailure(session: Session, run: Run, { seq }: StreamRecord): number {
    const before = storageFailures.get(session.id);
    const count = (before?.seq === seq ? before.count : 0) + (counted.has(run) ? 0 : 1);
    storageFailures.set(session.id, { seq, count });
    counted.add(run);
    return count;
  }
}
