/**
 * A run can freeze with nothing to be seen from outside: in SDK 4.8.3 a chunk above about 1 MiB fails inside the
 * worker, the turn never ends and `stop` is not heard. So a stop that was read and is not honored, and a very long
 * silence over an unanswered message, end the run here. A run that is slow to boot is neither.
 */
import type { Attempts } from "./attempts";
import type { Continuations } from "./continuations";
import type { Caller } from "../http/caller";
import type { Log } from "../log";
import { controlOf } from "../streams/records";
import { type Session, streamName } from "./session";
import type { Sessions } from "./sessions";
import type { Streams } from "../streams/streams";

const STOPPED = "Stopped. The agent did not react and was restarted.";
/** As many times the grace: a run that goes on writing after a stop that it has read will not heed it. */
const DEAF_AFTER = 6;
const SILENT = "The agent stopped responding while answering this message and was restarted.";

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
  /** Since when a run reads its input. Before that it is being made, and can hear nothing. */
  const readingSince = new Map<string, { attempt: number; since: number }>();
  const round = setInterval(() => void checkSilence(), Math.min(30_000, options.silenceMs));
  round.unref();

  return {
    /** Call when a run begins to read its input: from now on it hears what is there. */
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
      lookAgain({ session, runId, from: next, at: Date.now() }, options.stopGraceMs);
    },

    close(): void {
      clearInterval(round);
      for (const timer of timers) clearTimeout(timer);
    },
  };

  type Stop = { session: Session; runId: string; from: number; at: number };

  function lookAgain(stop: Stop, delay: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      void guarded(() => checkStop(stop));
    }, delay);
    timers.add(timer);
  }

  async function checkStop(stop: Stop): Promise<void> {
    // Another run finds the stop on its input.
    if (!attempts.find(stop.runId)) return;
    const controls = await streams.get(streamName(stop.session.id, "out")).newestControls();
    if (controls.some((record) => record.seq >= stop.from && controlOf(record) === "turn-complete")) return;
    const patience = patienceWith(stop);
    if (patience > 0) lookAgain(stop, patience);
    else await abandon(stop.session.id, stop.runId, STOPPED);
  }

  /** How long the run may still take. Its time begins when it can hear, and again with every sign of life. */
  function patienceWith({ runId, at }: Stop): number {
    const run = attempts.find(runId);
    const reading = readingSince.get(runId);
    if (!run || !reading || reading.attempt !== run.attempt) return options.stopGraceMs;
    const heardAt = Math.max(at, reading.since);
    const left = Math.max(heardAt, run.activeAt) + options.stopGraceMs - Date.now();
    return Math.min(left, heardAt + DEAF_AFTER * options.stopGraceMs - Date.now());
  }

  async function checkSilence(): Promise<void> {
    await guarded(async () => {
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

  /** The next round looks again. */
  async function guarded(check: () => Promise<void>): Promise<void> {
    try {
      await check();
    } catch (error) {
      log("watchdog failed", { error: (error as Error).message });
    }
  }
}
