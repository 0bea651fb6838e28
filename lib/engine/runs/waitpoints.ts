/**
 * Waitpoints: a run can wait for a record on a channel, a date, or a token that is completed over HTTP. A waitpoint
 * completes once and is then delivered to the run that is blocked on it, whichever of the two comes first.
 */
import type { Database } from "../database";
import { callAt } from "../duration";
import { HttpError } from "../http/errors";
import { createId } from "../ids";
import { isCommand, parseBody } from "../streams/records";
import type { Streams } from "../streams/streams";
import type { CompletedWaitpoint } from "../worker/worker-host";

export type Waitpoint = {
  id: string;
  kind: "MANUAL" | "DATETIME";
  runId: string | null;
  streamName: string | null;
  status: "WAITING" | "COMPLETED" | "TIMED_OUT";
  deadline: Date | null;
  output: string | null;
  outputType: string | null;
  outputIsError: boolean;
  tags: string[];
  createdAt: Date;
  completedAt: Date | null;
};

type Open = { waitpoint: Waitpoint; cancelTimer: (() => void) | undefined };

type Outcome = Pick<Waitpoint, "output" | "outputIsError"> & { status: "COMPLETED" | "TIMED_OUT" };

const RETRY_MS = 1_000;

export type Waitpoints = ReturnType<typeof createWaitpoints>;

export function createWaitpoints(options: {
  database: Database;
  streams: Streams;
  deliver: (runId: string, waitpoint: CompletedWaitpoint) => void;
}) {
  const { database, streams, deliver } = options;
  const open = new Map<string, Open>();
  /** The run that is blocked on a waitpoint, by the waitpoint's id. */
  const blockedRuns = new Map<string, string>();
  let closed = false;

  return {
    /** Completes with the next record on the channel, or with one after `lastSeq` that came while the run was parking. */
    async onStream(
      run: string,
      streamName: string,
      timeoutMs: number | undefined,
      lastSeq: number | undefined,
    ) {
      const waitpoint = await insert({ kind: "MANUAL", runId: run, streamName, timeoutMs });
      const stream = streams.get(streamName);
      for (let from = (lastSeq ?? -1) + 1; ;) {
        const records = await stream.readRecords(from);
        const unread = records.find((record) => !record.hidden && !isCommand(record));
        if (unread) await complete(waitpoint.id, completed(String(parseBody(unread.body).data)));
        if (unread || records.length === 0) return waitpoint;
        from = records.at(-1)!.seq + 1;
      }
    },

    async onDate(run: string, date: Date): Promise<Waitpoint> {
      const waitpoint = await insert({
        kind: "DATETIME",
        runId: run,
        timeoutMs: date.getTime() - Date.now(),
      });
      blockedRuns.set(waitpoint.id, run);
      return waitpoint;
    },

    async token(fields: {
      timeoutMs?: number | undefined;
      tags: string[];
      idempotencyKey?: string | undefined;
    }) {
      if (fields.idempotencyKey !== undefined) {
        const existing = await database.query<Row>(
          "select * from engine.waitpoints where idempotency_key = $1",
          [fields.idempotencyKey],
        );
        if (existing.rows[0]) return { waitpoint: toWaitpoint(existing.rows[0]), isCached: true };
      }
      return { waitpoint: await insert({ kind: "MANUAL", ...fields }), isCached: false };
    },

    async get(id: string): Promise<Waitpoint> {
      const found = await database.query<Row>("select * from engine.waitpoints where id = $1", [id]);
      if (!found.rows[0]) throw new HttpError(404, "Waitpoint not found");
      return toWaitpoint(found.rows[0]);
    },

    async complete(id: string, output: string): Promise<void> {
      await complete(id, completed(output));
    },

    /** Call after the record is stored, because the run that wakes up reads the channel. */
    async completeForStream(streamName: string, output: string): Promise<void> {
      for (const { waitpoint } of open.values()) {
        if (waitpoint.streamName === streamName) await complete(waitpoint.id, completed(output));
      }
    },

    /** Blocks the run on the waitpoint, and delivers it at once if it is already completed. */
    async block(runId: string, id: string): Promise<void> {
      // Before the query: whichever of this and the completion comes second delivers the waitpoint.
      blockedRuns.set(id, runId);
      const waitpoint = await this.get(id);
      if (waitpoint.status !== "WAITING") deliverToBlockedRun(waitpoint);
    },

    /** True for a chat run that waits for its next message. Expiring any other wait would fail the author's code. */
    isReclaimable(runId: string): boolean {
      return [...open.values()].some(({ waitpoint }) => waitsForSession(waitpoint, runId));
    },

    /** Ends a parked chat run's wait as its timeout would, so that the run ends normally. */
    async expireFor(runId: string): Promise<void> {
      for (const { waitpoint } of open.values()) {
        if (waitsForSession(waitpoint, runId)) await complete(waitpoint.id, timedOut());
      }
    },

    async endOf(runId: string): Promise<void> {
      for (const [id, blockedRun] of blockedRuns) if (blockedRun === runId) blockedRuns.delete(id);
      for (const { waitpoint } of open.values()) {
        if (waitpoint.runId === runId) await complete(waitpoint.id, timedOut());
      }
    },

    /** Call after a restart. Ends the waits of dead runs; tokens and their deadlines stay. */
    async recover(): Promise<void> {
      await database.query(
        "update engine.waitpoints set status = 'TIMED_OUT', completed_at = now() where status = 'WAITING' and run_id is not null",
      );
      const tokens = await database.query<Row>("select * from engine.waitpoints where status = 'WAITING'");
      for (const row of tokens.rows) arm(toWaitpoint(row));
    },

    close(): void {
      closed = true;
      for (const { cancelTimer } of open.values()) cancelTimer?.();
      open.clear();
    },
  };

  async function insert(fields: {
    kind: Waitpoint["kind"];
    runId?: string;
    streamName?: string;
    timeoutMs?: number | undefined;
    tags?: string[];
    idempotencyKey?: string | undefined;
  }): Promise<Waitpoint> {
    const deadline =
      fields.timeoutMs === undefined ? null : new Date(Date.now() + Math.max(0, fields.timeoutMs));
    const inserted = await database.query<Row>(
      `insert into engine.waitpoints (id, kind, run_id, stream_name, deadline, tags, idempotency_key)
       values ($1, $2, $3, $4, $5, $6, $7) returning *`,
      [
        createId("waitpoint"),
        fields.kind,
        fields.runId ?? null,
        fields.streamName ?? null,
        deadline,
        fields.tags ?? [],
        fields.idempotencyKey ?? null,
      ],
    );
    const waitpoint = toWaitpoint(inserted.rows[0]!);
    arm(waitpoint);
    return waitpoint;
  }

  function arm(waitpoint: Waitpoint): void {
    if (closed) return;
    const entry: Open = { waitpoint, cancelTimer: undefined };
    open.set(waitpoint.id, entry);
    if (waitpoint.deadline) completeAt(entry, waitpoint.deadline.getTime());
  }

  function completeAt(entry: Open, time: number): void {
    const { id, kind } = entry.waitpoint;
    entry.cancelTimer = callAt(time, () => {
      const outcome = kind === "DATETIME" ? completed(null) : timedOut();
      // During a database outage the run keeps waiting, and the completion is retried.
      complete(id, outcome).catch(() => {
        if (open.get(id) === entry) completeAt(entry, Date.now() + RETRY_MS);
      });
    });
  }

  async function complete(id: string, outcome: Outcome): Promise<void> {
    const updated = await database.query<Row>(
      `update engine.waitpoints set status = $2, output = $3, output_type = 'application/json', output_is_error = $4,
         completed_at = now() where id = $1 and status = 'WAITING' returning *`,
      [id, outcome.status, outcome.output, outcome.outputIsError],
    );
    open.get(id)?.cancelTimer?.();
    open.delete(id);
    if (updated.rows[0]) deliverToBlockedRun(toWaitpoint(updated.rows[0]));
  }

  function deliverToBlockedRun(waitpoint: Waitpoint): void {
    const runId = blockedRuns.get(waitpoint.id);
    if (runId === undefined) return;
    blockedRuns.delete(waitpoint.id);
    deliver(runId, {
      id: waitpoint.id,
      index: 0,
      friendlyId: waitpoint.id,
      type: waitpoint.kind,
      completedAt: waitpoint.completedAt ?? new Date(),
      outputIsError: waitpoint.outputIsError,
      ...(waitpoint.output === null ? {} : { output: waitpoint.output, outputType: "application/json" }),
    });
  }
}

function waitsForSession(waitpoint: Waitpoint, runId: string): boolean {
  return waitpoint.runId === runId && waitpoint.streamName?.startsWith("sessions/") === true;
}

function completed(output: string | null): Outcome {
  return { status: "COMPLETED", output, outputIsError: false };
}

function timedOut(): Outcome {
  const output = JSON.stringify({ code: "TRIGGER_WAITPOINT_TIMEOUT", message: "Waitpoint timed out" });
  return { status: "TIMED_OUT", output, outputIsError: true };
}

type Row = {
  id: string;
  kind: Waitpoint["kind"];
  run_id: string | null;
  stream_name: string | null;
  status: Waitpoint["status"];
  deadline: Date | null;
  output: string | null;
  output_type: string | null;
  output_is_error: boolean;
  tags: string[];
  created_at: Date;
  completed_at: Date | null;
};

function toWaitpoint(row: Row): Waitpoint {
  return {
    id: row.id,
    kind: row.kind,
    runId: row.run_id,
    streamName: row.stream_name,
    status: row.status,
    deadline: row.deadline,
    output: row.output,
    outputType: row.output_type,
    outputIsError: row.output_is_error,
    tags: row.tags,
    createdAt: row.created_at,
    completedAt: row.completed_at,
  };
}
