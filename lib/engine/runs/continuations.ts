/**
 * Owns which run answers a session: when a run ends, input is unanswered and the session is open, it starts another one.
 * `quarantine.ts` decides when input has broken enough runs.
 */
import { parseTimeout } from "../duration";
import { HttpError } from "../http/errors";
import { randomBase62 } from "../ids";
import type { Log } from "../log";
import type { Behavior } from "../mode";
import { createMutex } from "../mutex";
import { retry } from "../retry";
import type { NewRecord } from "../streams/append-queue";
import {
  controlOf,
  dataBody,
  type Header,
  inputBody,
  inputCursor,
  parseInput,
  pendingInput,
  type StreamRecord,
} from "../streams/records";
import type { Streams } from "../streams/streams";
import type { Attempts } from "./attempts";
import { internalError, STORE_UNAVAILABLE } from "./execution";
import { createQuarantine, SWAP_LIMIT } from "./quarantine";
import type { Run, RunReason, Runs } from "./runs";
import { addressOf, isOpen, type Session, streamName, type TriggerConfig } from "./session";
import type { Sessions } from "./sessions";

export type Continuations = ReturnType<typeof createContinuations>;

type Options = {
  sessions: Sessions;
  runs: Runs;
  streams: Streams;
  attempts: Attempts;
  behavior: Behavior;
  log: Log;
};

/** What the reader gets instead of an answer. */
type Ending = { type: "error"; errorText: string } | { type: "abort" };

/** An append that changes nothing, and fails while nothing can be stored. */
const PROBE: NewRecord = { body: "", headers: [["", "trim"]], command: { trim: 0 } };

export function createContinuations(options: Options) {
  const { sessions, runs, streams, attempts, behavior, log } = options;
  const exclusive = createMutex();
  const quarantine = createQuarantine(sessions);

  return {
    /** Serializes everything that may start or replace a session's run. The task gets the session's current row. */
    async withSession<Result>(
      sessionId: string,
      task: (session: Session) => Promise<Result>,
    ): Promise<Result> {
      return exclusive(sessionId, async () => task(await sessions.get(sessionId)));
    },

    ensureRun,
    pending,

    /** Ends the unanswered turns of a revoked session as stopped, because no run will answer them. */
    async stopPending(session: Session): Promise<void> {
      const unanswered = await pending(session);
      if (unanswered.length > 0) await endTurn(session, unanswered, { type: "abort" });
      quarantine.forget(session);
    },

    /** Call for every end of a run, good ones included: a message may have arrived while the run was leaving. */
    async runEnded(run: Run): Promise<void> {
      if (run.sessionId === null || !behavior.tendsSessions) return;
      await this.withSession(run.sessionId, async (session) => {
        if (!isOpen(session) || session.currentRunId !== run.id) return;
        const unanswered = await pending(session);
        const first = unanswered[0];
        if (!first) return quarantine.reset(session);
        if (run.status === "CANCELED") return endTurn(session, unanswered, { type: "abort" });
        // Probes the storage, so that no model is called for an answer that can't be stored. The caller retries.
        if (run.error?.code === STORE_UNAVAILABLE) await output(session).append({ records: [PROBE] });
        const reason = await quarantine.reasonFor(session, run, first);
        if (reason) {
          log("input quarantined", { session: session.id, run: run.id, seq: first.seq, reason });
          await endTurn(session, [first], { type: "error", errorText: reason });
          await quarantine.reset(session);
        }
        if (!reason || unanswered.length > 1) {
          const endedWell = reason !== undefined || run.status === "COMPLETED";
          await ensureRun(session, endedWell ? "continuation" : "crash");
        }
      });
    },

    /** Lets a new run take over (`chat.requestUpgrade`). It starts as soon as its predecessor has ended. */
    async swap(
      sessionId: string,
      callingRunId: string,
      reason: "upgrade" | "continuation",
    ): Promise<{ runId: string; swapped: boolean }> {
      return this.withSession(sessionId, async (session) => {
        if (!isOpen(session)) throw new HttpError(400, "Session is closed or has expired");
        if (session.currentRunId !== callingRunId)
          return { runId: session.currentRunId ?? callingRunId, swapped: false };
        const [first] = await pending(session);
        const swaps = first && session.stuckSeq === first.seq ? session.swaps + 1 : 1;
        const crashes = first && session.stuckSeq === first.seq ? session.crashes : 0;
        await sessions.setStuck(session.id, first?.seq ?? null, crashes, first ? swaps : 0);
        if (first && swaps >= SWAP_LIMIT) return { runId: callingRunId, swapped: false };
        const run = await startRun(session, reason, callingRunId);
        return { runId: run.id, swapped: true };
      });
    },

    async close(sessionId: string, reason: string | null, callingRunId: string | undefined) {
      return this.withSession(sessionId, async (session) => {
        const closed = await sessions.close(session.id, reason);
        // A run that closes its own chat has written the closing record itself and is already leaving.
        if (session.closedAt !== null || callingRunId !== undefined)
          return { session: closed, wake: undefined };
        const headers: Header[] = [["trigger-control", "session-closed"]];
        if (reason) headers.push(["session-closed-reason", reason]);
        await output(session).append({ records: [{ body: "", headers }] });
        if (!attempts.find(session.currentRunId ?? "")) return { session: closed, wake: undefined };
        const wake = JSON.stringify({
          kind: "message",
          payload: { chatId: addressOf(session), trigger: "close" },
        });
        await input(session).append({ records: [{ body: inputBody(wake, `close-${randomBase62(12)}`) }] });
        return { session: closed, wake };
      });
    },

    /** Replaces a run whose turn will not end on its own, and gives the reader the reason. */
    async abandon(runId: string, reason: string): Promise<void> {
      const error = internalError("RUN_FROZEN", reason);
      await quarantine.whileAbandoned(runId, reason, () =>
        attempts.kill(runId, { status: "CRASHED", error }),
      );
    },

    /** Call after a restart. A crash of the engine does not count against the message. */
    async recover(dead: Run[]): Promise<void> {
      if (!behavior.tendsSessions) return;
      for (const { id } of await sessions.perhapsUnanswered(dead.map((run) => run.id))) {
        await this.withSession(id, async (session) => {
          if (!isOpen(session) || attempts.find(session.currentRunId ?? "")) return;
          if ((await pending(session)).length > 0) await ensureRun(session, "restart");
        });
      }
    },
  };

  function input(session: Session) {
    return streams.get(streamName(session.id, "in"));
  }

  function output(session: Session) {
    return streams.get(streamName(session.id, "out"));
  }

  async function pending(session: Session): Promise<StreamRecord[]> {
    const cursor = inputCursor(await output(session).newestControls());
    return pendingInput(await input(session).readAll(Math.max(0, cursor.answered + 1)), cursor);
  }

  async function ensureRun(
    session: Session,
    reason: RunReason,
  ): Promise<{ runId: string; started: boolean }> {
    if (session.currentRunId !== null && attempts.find(session.currentRunId)) {
      return { runId: session.currentRunId, started: false };
    }
    const run = await startRun(session, session.currentRunId === null ? "first" : reason);
    return { runId: run.id, started: true };
  }

  async function startRun(session: Session, reason: RunReason, predecessor?: string): Promise<Run> {
    const config = session.triggerConfig;
    const payload: Record<string, unknown> = { ...config.basePayload, sessionId: session.id };
    if (config.idleTimeoutInSeconds !== undefined)
      payload["idleTimeoutInSeconds"] = config.idleTimeoutInSeconds;
    if (session.currentRunId !== null) {
      // The first message must not be answered again: a continuation reads its input from the channel.
      for (const key of ["message", "messages", "trigger"]) delete payload[key];
      payload["continuation"] = true;
      payload["previousRunId"] = session.currentRunId;
      await hideOldCloses(session);
    }
    const { run } = await runs.create({
      sessionId: session.id,
      task: session.task,
      reason,
      payload: JSON.stringify(payload),
      payloadType: "application/json",
      tags: config.tags ?? [],
      concurrencyKey: config.concurrencyKey,
      maxAttempts: config.maxAttempts,
      maxDuration: config.maxDuration,
      expiresAt: startBy(config),
    });
    await sessions.setCurrentRun(session.id, run.id);
    session.currentRunId = run.id;
    attempts.start(run, predecessor);
    return run;
  }

  function startBy({ ttl = behavior.chatRunTtl }: TriggerConfig): Date | undefined {
    if (behavior.chatRunTtl === undefined || ttl === undefined) return undefined;
    return new Date(Date.now() + parseTimeout(ttl));
  }

  /** `AgentChat.close()` leaves a record that would make every later run exit at once, with its turn unanswered. */
  async function hideOldCloses(session: Session): Promise<void> {
    const cursor = inputCursor(await output(session).newestControls());
    const records = await input(session).readAll(Math.max(0, cursor.answered + 1));
    const closes = records.filter((record) => !record.hidden && parseInput(record).trigger === "close");
    await input(session).hide(closes.map((record) => record.seq));
  }

  /**
   * Ends the turn for the reader, then hides its input from later runs: a run that boots from a snapshot doesn't read
   * the turn-complete record. The order matters: if the first write fails, the input is still pending and is tried
   * again; if the input were hidden first, the reader would never learn what happened to it.
   */
  async function endTurn(session: Session, records: StreamRecord[], ending: Ending): Promise<void> {
    const last = String(records.at(-1)!.seq);
    const headers: Header[] = [
      ["trigger-control", "turn-complete"],
      ["session-in-event-id", last],
      ["session-in-consumed-id", last],
    ];
    const chunk: NewRecord = { body: dataBody(ending, randomBase62(7)) };
    await output(session).append({ records: [chunk, { body: "", headers }] });
    const seqs = records.map((record) => record.seq);
    // Nothing retries this later, because the turn now counts as answered.
    await retry(() => input(session).hide(seqs), { firstPauseMs: 250, longestPauseMs: 2_500, attempts: 10 });
  }
}

/** True for a record after which no more records come for now. */
export function endsTurn(record: StreamRecord | undefined): boolean {
  const control = record && controlOf(record);
  return control === "turn-complete" || control === "session-closed";
}
