/**
 * Ends frozen runs. A run can freeze without a sign: in SDK 4.8.3 a chunk above about 1 MiB fails inside the worker, the
 * turn never ends and `stop` has no effect. The watchdog ends a run that read a stop but did not obey it, and a run that
 * is silent for very long over an unanswered message. A run that is slow to boot is left alone.
 */
import type { Attempts } from "./attempts";
import type { Continuations } from "./continuations";
import type { Caller } from "../http/caller";
import type { Log } from "../log";
import { controlOf } from "../streams/records";
import { type Session, streamName } from "./session";
import type { Sessions } from "./sessions";
import type { Streams } from "../streams/streams";

const STOPPED = "Stopped. The agent didn't react, so it was restarted.";
/** A run that keeps writing after it has read a stop is ended after this many grace periods. */
const MAX_GRACE_PERIODS = 6;
const SILENT = "The agent stopped responding while answering this message, so it was restarted.";

export type Watchdog = ReturnType<typeof createWatchdog>;

export function createWatchdog(options: {
  sessions: Sessions;
  streams: Streams;
  attempts: Attempts;
  continuations: Continuations;
  stopGraceMs: number;
  silenceMs: number;
  log: Log;
}) {
  const { sessions, streams, attempts, continuations, log } = options;
  const timers = new Set<NodeJS.Timeout>();
  /** When a run began to read its input. Before that it is booting, and can't read a stop. */
  const readingSince = new Map<string, { attempt: number; since: number }>();
  const round = setInterval(() => void checkSilence(), Math.min(30_000, options.silenceMs));
  round.unref();

  return {
    /** Call when a run begins to read its input: from now on it can read a stop. */
    onReading({ runId, attempt }: Caller): void {
      for (const id of readingSince.keys()) if (!attempts.find(id)) readingSince.delete(id);
      if (readingSince.get(runId)?.attempt !== attempt)
        readingSince.set(runId, { attempt, since: Date.now() });
    },

    /** Call when a `stop` record has been stored. */
    async onStop(session: Session): Promise<void> {
      const runId = session.currentRunId;
      if (runId === null || !attempts.find(runId)) return;
      if ((await continuations.pending(session)).length === 0) return;
      const { next } = await streams.get(streamName(session.id, "out")).tail();
      checkLater({ session, runId, from: next, at: Date.now() }, options.stopGraceMs);
    },

    close(): void {
      clearInterval(round);
      for (const timer of timers) clearTimeout(timer);
    },
  };

  type Stop = { session: Session; runId: string; from: number; at: number };

  function checkLater(stop: Stop, delay: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      void logFailure(() => checkStop(stop));
    }, delay);
    timers.add(timer);
  }

  async function checkStop(stop: Stop): Promise<void> {
    // If the run has ended, its successor reads the stop from its input.
    if (!attempts.find(stop.runId)) return;
    const controls = await streams.get(streamName(stop.session.id, "out")).newestControls();
    if (controls.some((record) => record.seq >= stop.from && controlOf(record) === "turn-complete")) return;
    const graceMs = remainingGraceMs(stop);
    if (graceMs > 0) checkLater(stop, graceMs);
    else await abandon(stop.session.id, stop.runId, STOPPED);
  }

  /** Returns how long the run may still take. The grace period restarts when the run begins to read, and when it writes. */
  function remainingGraceMs({ runId, at }: Stop): number {
    const run = attempts.find(runId);
    const reading = readingSince.get(runId);
    if (!run || !reading || reading.attempt !== run.attempt) return options.stopGraceMs;
    const readAt = Math.max(at, reading.since);
    const left = Math.max(readAt, run.activeAt) + options.stopGraceMs - Date.now();
    return Math.min(left, readAt + MAX_GRACE_PERIODS * options.stopGraceMs - Date.now());
  }

  async function checkSilence(): Promise<void> {
    await logFailure(async () => {
      for (const { run, status, activeAt } of attempts.all()) {
        if (run.sessionId === null || status !== "EXECUTING" || Date.now() - activeAt < options.silenceMs)
          continue;
        const session = await sessions.find(run.sessionId);
        if (!session || session.currentRunId !== run.id) continue;
        const [first] = await continuations.pending(session);
        if (first && Date.now() - first.timestamp >= options.silenceMs)
          await abandon(session.id, run.id, SILENT);
      }
    });
  }

  async function abandon(sessionId: string, runId: string, reason: string): Promise<void> {
    log("run is frozen", { session: sessionId, run: runId, reason });
    await continuations.abandon(runId, reason);
  }

  /** A failed check is only logged, because the next round repeats it. */
  async function logFailure(check: () => Promise<void>): Promise<void> {
    try {
      await check();
    } catch (error) {
      log("watchdog failed", { error: (error as Error).message });
    }
  }
}
