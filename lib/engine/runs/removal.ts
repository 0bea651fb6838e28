/**
 * Removes a session whose chat is deleted, in two steps. Revoked: its run is stopped, its readers get a closing record
 * and are disconnected, and browsers' tokens are refused until the app creates the session again to undo the deletion.
 * Purged: all of its data is deleted.
 */
import type { Attempts } from "./attempts";
import type { Continuations } from "./continuations";
import type { Database } from "../database";
import type { Log } from "../log";
import { controlOf, type Header } from "../streams/records";
import { type Session, streamName } from "./session";
import type { Sessions } from "./sessions";
import type { Streams } from "../streams/streams";

export type Removal = ReturnType<typeof createRemoval>;

type Options = {
  database: Database;
  sessions: Sessions;
  streams: Streams;
  attempts: Attempts;
  continuations: Continuations;
  log: Log;
};

/** Selects the session's runs, and the runs that those started. */
const RUNS = `
  with recursive gone as (
    select id, payload, payload_type, output, output_type from engine.runs where session_id = $1
    union
    select run.id, run.payload, run.payload_type, run.output, run.output_type
    from engine.runs run join gone on run.parent_id = gone.id
  )`;

export function createRemoval({ database, sessions, streams, attempts, continuations, log }: Options) {
  return { revoke, reinstate, purge };

  /** Revokes the session. Safe to repeat, also for a session that does not exist. */
  async function revoke(key: string): Promise<void> {
    const found = await sessions.find(key);
    if (!found) return;
    await continuations.withSession(found.id, async (session) => {
      if (session.revokedAt !== null) return;
      await sessions.revoke(session.id);
      const headers: Header[] = [
        ["trigger-control", "session-closed"],
        ["session-closed-reason", "deleted"],
      ];
      await streams.get(streamName(session.id, "out")).append({ records: [{ body: "", headers }] });
      log("session revoked", { session: session.id });
    });
    streams.cut(prefixOf(found));
    // Outside of `withSession`, because the end of a run needs that lock too.
    const { currentRunId } = await sessions.get(found.id);
    for (const id of await liveRunsOf(found.id)) await attempts.cancel(id);
    if (currentRunId !== null) await attempts.cancel(currentRunId);
    await continuations.withSession(found.id, (session) =>
      session.revokedAt === null ? Promise.resolve() : continuations.stopPending(session),
    );
  }

  /** Call inside `withSession`. Later readers must not find the closing record of the revocation. */
  async function reinstate(session: Session): Promise<Session> {
    const output = streams.get(streamName(session.id, "out"));
    const closes = (await output.newestControls()).filter((record) => controlOf(record) === "session-closed");
    await output.hide(closes.map((record) => record.seq));
    return sessions.reinstate(session.id);
  }

  async function purge(key: string): Promise<void> {
    const session = await sessions.find(key);
    if (!session) return;
    await revoke(session.id);
    await continuations.withSession(session.id, async () => {
      const client = await database.connect();
      try {
        await client.query("begin");
        for (const sql of PURGE) await client.query(sql, [session.id]);
        await client.query("commit");
      } catch (error) {
        await client.query("rollback").catch(() => {});
        throw error;
      } finally {
        client.release();
      }
      streams.forget(prefixOf(session));
      log("session purged", { session: session.id });
    });
  }

  async function liveRunsOf(sessionId: string): Promise<string[]> {
    const found = await database.query<{ id: string }>(`${RUNS} select id from gone`, [sessionId]);
    return found.rows.map(({ id }) => id).filter((id) => attempts.find(id));
  }
}

/** Run in this order: each statement reads rows that a later one deletes. */
const PURGE = [
  `${RUNS} delete from engine.blobs where key = 'snapshots/' || $1::text
     or key in (select 'packets/' || payload from gone where payload_type = 'application/store')
     or key in (select 'packets/' || output from gone where output_type = 'application/store')`,
  `${RUNS} delete from engine.waitpoints where run_id in (select id from gone)
     or starts_with(stream_name, 'sessions/' || $1::text || '/')`,
  `${RUNS} delete from engine.streams where starts_with(name, 'sessions/' || $1::text || '/')
     or exists (select 1 from gone where starts_with(name, 'runs/' || gone.id || '/'))`,
  `${RUNS} delete from engine.runs where id in (select id from gone)`,
  "delete from engine.sessions where id = $1",
];

function prefixOf(session: Session): string {
  return `sessions/${session.id}/`;
}
