/**
 * Keeps a session answered: whoever's run ends, if input is still waiting and the session is open, another run takes
 * over. Input that keeps breaking its runs is quarantined: hidden from the next run and ended, visibly, for the reader.
 */
import { parseTimeout } from "../duration";
import { randomBase62 } from "../ids";
import type { Attempts } from "./attempts";
import { STORE_UNAVAILABLE } from "./execution";
import { HttpError } from "../http/errors";
import type { Log } from "../log";
import type { Behavior } from "../mode";
import { createMutex } from "../mutex";
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
import type { Run, RunReason, Runs } from "./runs";
import { addressOf, isOpen, type Session, streamName, type TriggerConfig } from "./session";
import type { Sessions } from "./sessions";
import type { NewRecord, Streams } from "../streams/streams";
import { NEVER_STARTED } from "../worker/worker-host";

export type Continuations = ReturnType<typeof createContinuations>;

type Options = {
  sessions: Sessions;
  runs: Runs;
  streams: Streams;
  attempts: Attempts;
  behavior: Behavior;
  log: Log;
};

/** What the reader gets in place of the answer. */
type Ending = { type: "error"; errorText: string } | { type: "abort" };

const CRASH_LIMIT = 2;
const SWAP_LIMIT = 3;

/** As often a storage that takes nothing is not held against the message. */
const BLAMELESS_LIMIT = 5;
const HIDE_TRIES = 10;

const CRASHED = "The agent crashed while answering this message.";
const UPGRADE_LOOP = "The agent kept handing this message over to a new run (upgrade loop) and was stopped.";
const IGNORED = "The agent ended again and again without answering this message.";
const TOO_LONG = "The agent took too long to answer this message.";
const NOT_STARTED = "The agent could not be started to answer this message.";
const NOT_STORED = "The answer could not be stored, again and again.";

/** Changes nothing, and is refused while nothing can be stored. */
const PROBE: NewRecord = { body: "", headers: [["", "trim"]], command: { trim: 0 } };

export function createContinuations(options: Options) {
  const { sessions, runs, streams, attempts, behavior, log } = options;
  const exclusive = createMutex();
  const abandoned = new Map<string, string>();
  /** Ends that have been held against their message: what follows from one may need several tries. */
  const counted = new WeakSet<Run>();
  const interruptions = new Map<string, { seq: number; count: number }>();

  return {
    /** Serialises what may start or replace a session's run. The session is read again inside. */
    async withSession<Result>(
      sessionId: string,
      task: (session: Session) => Promise<Result>,
    ): Promise<Result> {
      return exclusive(sessionId, async () => task(await sessions.get(sessionId)));
    },

    ensureRun,
    pending,

    /** Ends what is still unanswered as if it had been stopped: nobody is left to answer it. */
    async giveUp(session: Session): Promise<void> {
      const waiting = await pending(session);
      if (waiting.length > 0) await settle(session, waiting, { type: "abort" });
      interruptions.delete(session.id);
    },

    /** Every end of a run comes here, also a good one: a message may have arrived while it was leaving. */
    async runEnded(run: Run): Promise<void> {
      if (run.sessionId === null || !behavior.tendsSessions) return;
      await this.withSession(run.sessionId, async (session) => {
        if (!isOpen(session) || session.currentRunId !== run.id) return;
        const waiting = await pending(session);
        const first = waiting[0];
        if (!first) return unstick(session);
        if (run.status === "CANCELED") return settle(session, waiting, { type: "abort" });
        // No worker, and no call of a model, for an answer that could not be stored. Who called us tries again.
        if (run.error?.code === STORE_UNAVAILABLE) await output(session).append({ records: [PROBE] });
        const ending = await verdict(session, run, first);
        if (ending) {
          log("input quarantined", { session: session.id, run: run.id, seq: first.seq, reason: ending });
          await settle(session, [first], { type: "error", errorText: ending });
          await unstick(session);
        }
        if (!ending || waiting.length > 1) {
          const inOrder = ending !== undefined || run.status === "COMPLETED";
          await ensureRun(session, inOrder ? "continuation" : "crash");
        }
      });
    },

    /** `chat.requestUpgrade` and friends: a new run takes over; it starts as soon as its predecessor has left. */
    async swap(sessionId: string, callingRunId: string): Promise<{ runId: string; swapped: boolean }> {
      return this.withSession(sessionId, async (session) => {
        if (!isOpen(session)) throw new HttpError(400, "Session is closed or has expired");
        if (session.currentRunId !== callingRunId)
          return { runId: session.currentRunId ?? callingRunId, swapped: false };
        const [first] = await pending(session);
        const swaps = first && session.stuckSeq === first.seq ? session.swaps + 1 : 1;
        const crashes = first && session.stuckSeq === first.seq ? session.crashes : 0;
        await sessions.setStuck(session.id, first?.seq ?? null, crashes, first ? swaps : 0);
        if (first && swaps >= SWAP_LIMIT) return { runId: callingRunId, swapped: false };
        const run = await startRun(session, "upgrade", callingRunId);
        return { runId: run.id, swapped: true };
      });
    },

    async close(sessionId: string, reason: string | null, callingRunId: string | undefined) {
      return this.withSession(sessionId, async (session) => {
        const closed = await sessions.close(session.id, reason);
        // A run that closes its own chat has told its readers and is already leaving.
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

    /** A turn that will not end by itself: replaces its run, and tells the reader why there is no answer. */
    async abandon(runId: string, reason: string): Promise<void> {
      abandoned.set(runId, reason);
      await attempts.kill(runId, {
        status: "CRASHED",
        error: { type: "INTERNAL_ERROR", code: "RUN_FROZEN", message: reason },
      });
      abandoned.delete(runId);
    },

    /** After a restart. A crash of the engine is not the message's fault, so it does not count against it. */
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
      // The first message must not be answered again: what is open now is on the channel.
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

  /** `AgentChat.close()` leaves a record that would make every later run leave at once, with its turn unanswered. */
  async function hideOldCloses(session: Session): Promise<void> {
    const cursor = inputCursor(await output(session).newestControls());
    const records = await input(session).readAll(Math.max(0, cursor.answered + 1));
    const closes = records.filter((record) => !record.hidden && parseInput(record).trigger === "close");
    await input(session).hide(closes.map((record) => record.seq));
  }

  /** Undefined: worth another run. Otherwise what to tell the reader of the message that is in the way. */
  async function verdict(session: Session, run: Run, first: StreamRecord): Promise<string | undefined> {
    const abandonedFor = abandoned.get(run.id);
    if (abandonedFor !== undefined) return abandonedFor;
    if (run.status === "TIMED_OUT") return TOO_LONG;
    if (run.error?.code === STORE_UNAVAILABLE) return blameless(session, run, first) ? undefined : NOT_STORED;
    // Its workers were tried often enough before the run came to its end.
    if (run.error?.code === NEVER_STARTED) return NOT_STARTED;
    const again = session.stuckSeq === first.seq;
    if (again && session.swaps >= SWAP_LIMIT) return UPGRADE_LOOP;
    const crashes = (again ? session.crashes : 0) + (counted.has(run) ? 0 : 1);
    await sessions.setStuck(session.id, first.seq, crashes, again ? session.swaps : 0);
    counted.add(run);
    // A run that was just leaving when the message came is no sign of anything: allow such ends one time more.
    if (run.status === "COMPLETED") return crashes > CRASH_LIMIT ? IGNORED : undefined;
    return crashes >= CRASH_LIMIT ? CRASHED : undefined;
  }

  function blameless(session: Session, run: Run, { seq }: StreamRecord): boolean {
    const before = interruptions.get(session.id);
    const count = (before?.seq === seq ? before.count : 0) + (counted.has(run) ? 0 : 1);
    interruptions.set(session.id, { seq, count });
    counted.add(run);
    return count <= BLAMELESS_LIMIT;
  }

  async function unstick(session: Session): Promise<void> {
    interruptions.delete(session.id);
    if (session.stuckSeq !== null) await sessions.setStuck(session.id, null, 0, 0);
  }

  /**
   * Both halves are needed: a boot that starts from a snapshot does not look at the turn-complete. The reader comes
   * first: when that fails, the input is still pending and its end is tried again; the other way round it would be
   * gone without a word.
   */
  async function settle(session: Session, records: StreamRecord[], ending: Ending): Promise<void> {
    const last = String(records.at(-1)!.seq);
    const headers: Header[] = [
      ["trigger-control", "turn-complete"],
      ["session-in-event-id", last],
      ["session-in-consumed-id", last],
    ];
    const chunk: NewRecord = { body: dataBody(ending, randomBase62(7)) };
    await output(session).append({ records: [chunk, { body: "", headers }] });
    await hideAtLast(
      session,
      records.map((record) => record.seq),
    );
  }

  /** Nobody comes back for this: to everyone else the turn is over. */
  async function hideAtLast(session: Session, seqs: number[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await input(session).hide(seqs);
      } catch (error) {
        if (tries === HIDE_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250 * tries));
      }
    }
  }
}

/** True for the record that tells a reader nothing more is coming for now. */
export function endsTurn(record: StreamRecord | undefined): boolean {
  const control = record && controlOf(record);
  return control === "turn-complete" || control === "session-closed";
}
