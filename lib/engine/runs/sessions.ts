import type { Database } from "../database";
import { HttpError } from "../http/errors";
import { createId } from "../ids";
import type { Session, TriggerConfig } from "./session";

type SessionStatus = "ACTIVE" | "CLOSED" | "EXPIRED";

export type SessionFilter = {
  type?: string[] | undefined;
  tags?: string[] | undefined;
  taskIdentifier?: string[] | undefined;
  externalId?: string[] | undefined;
  status?: SessionStatus[] | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
};

export type Page = { size: number; after?: string | undefined; before?: string | undefined };

export type Sessions = ReturnType<typeof createSessions>;

export function createSessions(database: Database) {
  return {
    /** Finds a session by its own id (`session_…`) or by the id its creator gave it. */
    async find(key: string): Promise<Session | undefined> {
      const column = key.startsWith("session_") ? "id" : "external_id";
      if (key.includes("\u0000")) return undefined;
      const found = await database.query<Row>({
        name: `engine-session-${column}`,
        text: `select * from engine.sessions where ${column} = $1`,
        values: [key],
      });
      return found.rows[0] && toSession(found.rows[0]);
    },

    async get(key: string): Promise<Session> {
      const session = await this.find(key);
      if (!session) throw new HttpError(404, "Session not found");
      return session;
    },

    /** Creates the session, or returns the existing one with the same external id. */
    async create(fields: {
      externalId: string | null;
      type: string;
      task: string;
      triggerConfig: TriggerConfig;
      tags: string[];
      metadata: Record<string, unknown> | null;
      expiresAt: Date | null;
    }): Promise<{ session: Session; created: boolean }> {
      const inserted = await database.query<Row>(
        `insert into engine.sessions (id, external_id, type, task, trigger_config, tags, metadata, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (external_id) do nothing returning *`,
        [
          createId("session"),
          fields.externalId,
          fields.type,
          fields.task,
          JSON.stringify(fields.triggerConfig),
          fields.tags,
          fields.metadata && JSON.stringify(fields.metadata),
          fields.expiresAt,
        ],
      );
      if (inserted.rows[0]) return { session: toSession(inserted.rows[0]), created: true };
      return { session: await this.get(fields.externalId!), created: false };
    },

    /** Updates the given fields only. */
    async update(
      id: string,
      fields: {
        triggerConfig?: TriggerConfig | undefined;
        tags?: string[] | undefined;
        metadata?: Record<string, unknown> | null | undefined;
        expiresAt?: Date | undefined;
      },
    ): Promise<Session> {
      const updated = await database.query<Row>(
        `update engine.sessions set
           trigger_config = coalesce($2, trigger_config), tags = coalesce($3, tags),
           metadata = case when $4 then $5 else metadata end, expires_at = coalesce($6, expires_at),
           updated_at = now()
         where id = $1 returning *`,
        [
          id,
          fields.triggerConfig ? JSON.stringify(fields.triggerConfig) : null,
          fields.tags ?? null,
          fields.metadata !== undefined,
          fields.metadata ? JSON.stringify(fields.metadata) : null,
          fields.expiresAt ?? null,
        ],
      );
      return toSession(updated.rows[0]!);
    },

    /** Closes the session. A repeated close changes nothing. */
    async close(id: string, reason: string | null): Promise<Session> {
      const closed = await database.query<Row>(
        `update engine.sessions set closed_reason = case when closed_at is null then $2 else closed_reason end,
           closed_at = coalesce(closed_at, now()), updated_at = now() where id = $1 returning *`,
        [id, reason],
      );
      return toSession(closed.rows[0]!);
    },

    /** Makes every token issued so far invalid for the session. A repeated revocation changes nothing. */
    async revoke(id: string): Promise<void> {
      await database.query(
        "update engine.sessions set revoked_at = $2, tokens_from = $2 where id = $1 and revoked_at is null",
        [id, new Date()],
      );
    },

    /** Makes every token issued so far invalid for these sessions, so that their browsers need new ones. */
    async expireTokens(externalIds: string[]): Promise<void> {
      await database.query("update engine.sessions set tokens_from = $2 where external_id = any($1)", [
        externalIds,
        new Date(),
      ]);
    },

    async reinstate(id: string): Promise<Session> {
      const found = await database.query<Row>(
        "update engine.sessions set revoked_at = null where id = $1 returning *",
        [id],
      );
      return toSession(found.rows[0]!);
    },

    async setCurrentRun(id: string, runId: string): Promise<void> {
      await database.query("update engine.sessions set current_run_id = $2 where id = $1", [id, runId]);
    },

    async setStuck(id: string, stuckSeq: number | null, crashes: number, swaps: number): Promise<void> {
      await database.query(
        "update engine.sessions set stuck_seq = $2, crashes = $3, swaps = $4 where id = $1",
        [id, stuckSeq, crashes, swaps],
      );
    },

    /** Lists sessions, newest first. It queries one extra row to learn whether there is another page. */
    async list(
      filter: SessionFilter,
      page: Page,
    ): Promise<{ sessions: Session[]; next?: string; previous?: string }> {
      const backwards = page.before !== undefined;
      const found = await database.query<Row>(
        `select * from engine.sessions
         where ($1::text[] is null or type = any($1)) and ($2::text[] is null or tags && $2)
           and ($3::text[] is null or task = any($3)) and ($4::text[] is null or external_id = any($4))
           and ($5::text[] is null or (case when closed_at is not null then 'CLOSED'
                 when expires_at <= now() then 'EXPIRED' else 'ACTIVE' end) = any($5))
           and ($6::timestamptz is null or created_at >= $6) and ($7::timestamptz is null or created_at <= $7)
           and ($8::text is null or (created_at, id) ${backwards ? ">" : "<"}
                 (select created_at, id from engine.sessions where id = $8))
         order by created_at ${backwards ? "asc" : "desc"}, id ${backwards ? "asc" : "desc"} limit $9`,
        [
          filter.type ?? null,
          filter.tags ?? null,
          filter.taskIdentifier ?? null,
          filter.externalId ?? null,
          filter.status ?? null,
          filter.from ?? null,
          filter.to ?? null,
          page.before ?? page.after ?? null,
          page.size + 1,
        ],
      );
      const more = found.rows.length > page.size;
      const rows = found.rows.slice(0, page.size).map(toSession);
      const sessions = backwards ? rows.toReversed() : rows;
      const [first, last] = [sessions[0], sessions.at(-1)];
      return {
        sessions,
        ...(last && (backwards || more) ? { next: last.id } : {}),
        ...(first && (backwards ? more : page.after !== undefined) ? { previous: first.id } : {}),
      };
    },

    /** Finds sessions whose newest input may be unanswered, or whose run has just been declared dead. */
    async perhapsUnanswered(deadRunIds: string[]): Promise<Session[]> {
      const found = await database.query<Row>(
        `select session.* from engine.sessions session
         join engine.streams input on input.name = 'sessions/' || session.id || '/in'
         left join engine.streams output on output.name = 'sessions/' || session.id || '/out'
         left join engine.runs run on run.id = session.current_run_id
         where session.closed_at is null and session.revoked_at is null and (session.expires_at is null or session.expires_at > now())
           and input.next_seq > 0
           and (session.current_run_id = any($1) or input.last_ts >= coalesce(output.last_ts, 0)
                or run.id is null or run.finished_at > now() - interval '1 hour')`,
        [deadRunIds],
      );
      return found.rows.map(toSession);
    },
  };
}

type Row = {
  id: string;
  external_id: string | null;
  type: string;
  task: string;
  trigger_config: string;
  tags: string[];
  metadata: string | null;
  current_run_id: string | null;
  stuck_seq: number | null;
  crashes: number;
  swaps: number;
  closed_at: Date | null;
  closed_reason: string | null;
  revoked_at: Date | null;
  tokens_from: Date | null;
  expires_at: Date | null;
  created_at: Date;
  updated_at: Date;
};

function toSession(row: Row): Session {
  return {
    id: row.id,
    externalId: row.external_id,
    type: row.type,
    task: row.task,
    triggerConfig: JSON.parse(row.trigger_config) as TriggerConfig,
    tags: row.tags,
    metadata: row.metadata === null ? null : (JSON.parse(row.metadata) as Record<string, unknown>),
    currentRunId: row.current_run_id,
    stuckSeq: row.stuck_seq,
    crashes: row.crashes,
    swaps: row.swaps,
    closedAt: row.closed_at,
    closedReason: row.closed_reason,
    revokedAt: row.revoked_at,
    tokensFrom: row.tokens_from,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
