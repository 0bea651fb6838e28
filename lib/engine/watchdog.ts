/**
 * A run can freeze with nothing to be seen from outside: in SDK 4.8.3 a chunk above about 1 MiB fails inside the
 * worker, the turn never ends and `stop` is not heard. So a stop that is not honoured, and a very long silence over an
 * unanswered message, end the run here.
 */
import type { Attempts } from "./attempts";
import type { Continuations } from "./continuations";
import type { Log } from "./log";
import { controlOf } from "./records";
import { type Session, type Sessions, streamName } from "./sessions";
import type { Streams } from "./streams";

const STOPPED =
  "Stopped. The agent did not react and was restarted; a chunk or tool output above 1 MiB can cause this.";
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
  const round = setInterval(() => void checkSilence(), Math.min(30_000, options.silenceMs));
  round.unref();

  return {
    /** Call when a `stop` record has been stored. */
    async onStop(session: Session): Promise<void> {
      const runId = session.currentRunId;
      if (runId === null || !attempts.find(runId)) return;
      if ((await continuations.pending(session)).length === 0) return;
      const output = streams.get(streamName(session.id, "out"));
      const { next } = await output.tail();
      const timer = setTimeout(() => {
        timers.delete(timer);
        void guarded(async () => {
          const controls = await output.newestControls();
          const answered = controls.some(
            (record) => record.seq >= next && controlOf(record) === "turn-complete",
          );
          if (!answered && attempts.find(runId)) await abandon(session.id, runId, STOPPED);
        });
      }, options.stopGraceMs);
      timers.add(timer);
    },

    close(): void {
      clearInterval(round);
      for (const timer of timers) clearTimeout(timer);
    },
  };

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
