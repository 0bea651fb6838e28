import type { Database } from "../database";
import { HttpError } from "../http/errors";
import { createId } from "../ids";
import type { MachineName } from "../worker/machines";
import type { AttemptError } from "../worker/worker-host";

export type RunStatus =
  | "QUEUED"
  | "EXECUTING"
  | "WAITING"
  | "COMPLETED"
  | "FAILED"
  | "CRASHED"
  | "CANCELED"
  | "TIMED_OUT"
  | "EXPIRED";

/**
 * Why a run was started, as `/inspect` shows it. `continuation`: the previous run ended normally. `crash`, `restart`: it
 * did not, and this run takes over its input. A second attempt of the same run is a `retry` (see its attempts).
 */
export type RunReason = "first" | "continuation" | "crash" | "restart" | "upgrade" | "trigger" | "schedule";

export type Run = {
  id: string;
  sessionId: string | null;
  task: string;
  reason: RunReason;
  payload: string;
  payloadType: string;
  status: RunStatus;
  attempt: number;
  maxAttempts: number | null;
  maxDuration: number | null;
  version: string | null;
  /** The machine of the newest attempt, and the one on which the attempt before ran out of memory. */
  machine: string | null;
  outgrown: string | null;
  parentId: string | null;
  /** True if the parent waits for the end of this run (`triggerAndWait`). */
  parentWaits: boolean;
  tags: string[];
  /** The person whose run it is. Places are shared out among persons, and each person's are limited. */
  concurrencyKey: string | null;
  metadata: Record<string, unknown>;
  output: string | null;
  outputType: string | null;
  error: AttemptError | null;
  /** The run starts after this time (`delay`) and before `expiresAt` (`ttl`). */
  delayedUntil: Date | null;
  expiresAt: Date | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
};

export type NewRun = Pick<Run, "task" | "reason" | "payload" | "payloadType" | "tags"> & {
  sessionId?: string;
  maxAttempts?: number | undefined;
  maxDuration?: number | undefined;
  parentId?: string | undefined;
  parentWaits?: boolean;
  concurrencyKey?: string | undefined;
  metadata?: Record<string, unknown>;
  idempotencyKey?: string | undefined;
  delayedUntil?: Date | undefined;
  expiresAt?: Date | undefined;
};

type StartedAttempt = {
  attempt: number;
  version: string;
  machine: MachineName;
  outgrown: MachineName | undefined;
};

const LIVE: ReadonlySet<RunStatus> = new Set(["QUEUED", "EXECUTING", "WAITING"]);

export function isLive(run: { status: RunStatus }): boolean {
  return LIVE.has(run.status);
}

const UNSTARTED = "(status = 'QUEUED' and attempt = 0 and session_id is null)";

export type Runs = ReturnType<typeof createRuns>;

/** The rows of runs. `attempts.ts` and `continuations.ts` decide which runs live. */
export function createRuns(database: Database) {
  return {
    async create(run: NewRun): Promise<{ run: Run; created: boolean }> {
      const inserted = await database.query<Row>(
        `insert into engine.runs (id, session_id, task, reason, payload, payload_type, status, max_attempts,
           max_duration, parent_id, parent_waits, tags, metadata, idempotency_key, delayed_until, expires_at,
           concurrency_key)
         values ($1, $2, $3, $4, $5, $6, 'QUEUED', $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         on conflict (task, idempotency_key) where idempotency_key is not null do nothing returning *`,
        [
          createId("run"),
          run.sessionId ?? null,
          run.task,
          run.reason,
          run.payload,
          run.payloadType,
          run.maxAttempts ?? null,
          run.maxDuration ?? null,
          run.parentId ?? null,
          run.parentWaits ?? false,
          run.tags,
          JSON.stringify(run.metadata ?? {}),
          run.idempotencyKey ?? null,
          run.delayedUntil ?? null,
          run.expiresAt ?? null,
          run.concurrencyKey ?? null,
        ],
      );
      if (inserted.rows[0]) return { run: toRun(inserted.rows[0]), created: true };
      const existing = await database.query<Row>(
        "select * from engine.runs where task = $1 and idempotency_key = $2",
        [run.task, run.idempotencyKey],
      );
      return { run: toRun(existing.rows[0]!), created: false };
    },

    async find(id: string): Promise<Run | undefined> {
      const found = await database.query<Row>("select * from engine.runs where id = $1", [id]);
      return found.rows[0] && toRun(found.rows[0]);
    },

    async get(id: string): Promise<Run> {
      const run = await this.find(id);
      if (!run) throw new HttpError(404, "Run not found");
      return run;
    },

    async start(id: string, { attempt, version, machine, outgrown }: StartedAttempt): Promise<void> {
      await database.query(
        `update engine.runs set status = 'EXECUTING', attempt = $2, version = $3, machine = $4, outgrown = $5,
           started_at = coalesce(started_at, now()) where id = $1 and status in ('QUEUED', 'EXECUTING', 'WAITING')`,
        [id, attempt, version, machine, outgrown ?? null],
      );
    },

    async setStatus(id: string, status: "QUEUED" | "EXECUTING" | "WAITING"): Promise<void> {
      await database.query(
        "update engine.runs set status = $2 where id = $1 and status in ('QUEUED', 'EXECUTING', 'WAITING')",
        [id, status],
      );
    },

    /** Returns the ended run, or undefined if it had ended before. */
    async finish(
      id: string,
      end: { status: RunStatus; output?: string; outputType?: string; error?: AttemptError },
    ): Promise<Run | undefined> {
      const finished = await database.query<Row>(
        `update engine.runs set status = $2, output = $3, output_type = $4, error = $5, finished_at = now()
         where id = $1 and status in ('QUEUED', 'EXECUTING', 'WAITING') returning *`,
        [
          id,
          end.status,
          end.output ?? null,
          end.outputType ?? null,
          end.error ? JSON.stringify(end.error) : null,
        ],
      );
      return finished.rows[0] && toRun(finished.rows[0]);
    },

    /**
     * Marks the runs that a dead engine left behind as crashed: their workers died with it, or can't write any more.
     * Triggered runs that had not started stay queued. A session's run is replaced from the input on its channel.
     */
    async crashAllLive(message: string): Promise<Run[]> {
      const error: AttemptError = { type: "INTERNAL_ERROR", code: "ENGINE_RESTARTED", message };
      const crashed = await database.query<Row>(
        `update engine.runs set status = 'CRASHED', error = $1, finished_at = now()
         where status in ('QUEUED', 'EXECUTING', 'WAITING') and not ${UNSTARTED} returning *`,
        [JSON.stringify(error)],
      );
      return crashed.rows.map(toRun);
    },

    async unstarted(): Promise<Run[]> {
      const found = await database.query<Row>(
        `select * from engine.runs where ${UNSTARTED} order by created_at, id`,
      );
      return found.rows.map(toRun);
    },

    async setMetadata(id: string, metadata: Record<string, unknown>): Promise<void> {
      await database.query("update engine.runs set metadata = $2 where id = $1", [
        id,
        JSON.stringify(metadata),
      ]);
    },

    async addTags(id: string, tags: string[]): Promise<string[]> {
      const updated = await database.query<{ tags: string[] }>(
        `update engine.runs set tags = array(select distinct unnest(tags || $2::text[])) where id = $1 returning tags`,
        [id, tags],
      );
      return updated.rows[0]?.tags ?? [];
    },

    async list(filter: { sessionId?: string | undefined }, size: number, after?: string): Promise<Run[]> {
      const found = await database.query<Row>(
        `select * from engine.runs where ($1::text is null or session_id = $1)
           and ($2::text is null or (created_at, id) < (select created_at, id from engine.runs where id = $2))
         order by created_at desc, id desc limit $3`,
        [filter.sessionId ?? null, after ?? null, size],
      );
      return found.rows.map(toRun);
    },
  };
}

type Row = {
  id: string;
  session_id: string | null;
  task: string;
  reason: RunReason;
  payload: string;
  payload_type: string;
  status: RunStatus;
  attempt: number;
  max_attempts: number | null;
  max_duration: number | null;
  version: string | null;
  machine: string | null;
  outgrown: string | null;
  parent_id: string | null;
  parent_waits: boolean;
  tags: string[];
  concurrency_key: string | null;
  metadata: string;
  output: string | null;
  output_type: string | null;
  error: string | null;
  delayed_until: Date | null;
  expires_at: Date | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
};

function toRun(row: Row): Run {
  return {
    id: row.id,
    sessionId: row.session_id,
    task: row.task,
    reason: row.reason,
    payload: row.payload,
    payloadType: row.payload_type,
    status: row.status,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    maxDuration: row.max_duration,
    version: row.version,
    machine: row.machine,
    outgrown: row.outgrown,
    parentId: row.parent_id,
    parentWaits: row.parent_waits,
    tags: row.tags,
    concurrencyKey: row.concurrency_key,
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    output: row.output,
    outputType: row.output_type,
    error: row.error === null ? null : (JSON.parse(row.error) as AttemptError),
    delayedUntil: row.delayed_until,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
