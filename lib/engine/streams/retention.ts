import type { Database } from "../database";
import type { Log } from "../log";
import type { Streams } from "./streams";

type Retention = { sweep(): Promise<void>; close(): void };

const FINISHED_RUNS = "7 days";
const PARTS = "1 day";

const RECENTLY_USED = "1 day";
const SIDE_CHANNELS_MS = 24 * 60 * 60_000;

/**
 * Deletes records that no reader needs any more. Records of `.out` are marked in one round and deleted in the next, so
 * that each stays readable for at least one interval after the trim before the last one (see `streams.ts`). Records of
 * `.in` are deleted with the turns that answered them. The oldest remaining turn of `.out` says how far the earlier ones
 * had read, so a transcript that was saved a turn late still finds every message after its cursor.
 */
export function createRetention(options: {
  database: Database;
  streams: Streams;
  intervalMs: number;
  log: Log;
}): Retention {
  const { database, streams, intervalMs, log } = options;
  const timer = setInterval(() => {
    sweep().catch((error: unknown) => log("retention failed", { error: (error as Error).message }));
  }, intervalMs);
  timer.unref();
  return { sweep, close: () => clearInterval(timer) };

  async function sweep(): Promise<void> {
    await database.query(
      `delete from engine.stream_records record using engine.streams stream
       where record.stream_id = stream.id and record.seq < stream.sweep_seq`,
    );
    await database.query("update engine.streams set sweep_seq = keep_seq where sweep_seq < keep_seq");
    await database.query(
      `delete from engine.stream_records record using engine.streams stream, (
         select 'sessions/' || session.id || '/in' as name, (
           select min((header.pair ->> 1)::bigint)
           from engine.stream_records control
           cross join lateral jsonb_array_elements(control.headers::jsonb) as header (pair)
           where control.stream_id = output.id and control.headers is not null
             and header.pair ->> 0 = 'session-in-event-id'
         ) as answered
         from engine.sessions session
         join engine.streams output on output.name = 'sessions/' || session.id || '/out'
         where output.last_ts > extract(epoch from now() - interval '${RECENTLY_USED}') * 1000
       ) cursor
       where record.stream_id = stream.id and stream.name = cursor.name and record.seq <= cursor.answered`,
    );
    await database.query(`delete from engine.stream_parts where created_at < now() - interval '${PARTS}'`);
    await database.query(
      `delete from engine.waitpoints where status <> 'WAITING' and completed_at < now() - interval '${PARTS}'`,
    );
    await database.query(
      `delete from engine.runs run where finished_at < now() - interval '${FINISHED_RUNS}'
         and not exists (select 1 from engine.sessions session where session.current_run_id = run.id)`,
    );
    streams.coolDown(5 * 60_000);
    await sweepSideChannels();
  }

  /** Deletes side channel records by age, because no turn records how far their readers are. */
  async function sweepSideChannels(): Promise<void> {
    const before = Date.now() - SIDE_CHANNELS_MS;
    await database.query(
      `delete from engine.stream_records record using engine.streams stream
       where record.stream_id = stream.id and stream.name like 'sessions/%/channels/%/in' and record.ts < $1`,
      [before],
    );
    const empty = await database.query<{ id: number; name: string }>(
      `select id, name from engine.streams stream where name like 'sessions/%/channels/%' and last_ts < $1
         and not exists (select 1 from engine.stream_records where stream_id = stream.id)`,
      [before],
    );
    const unused = empty.rows.filter(({ name }) => streams.isCold(name)).map(({ id }) => id);
    if (unused.length > 0)
      await database.query("delete from engine.streams where id = any($1::bigint[])", [unused]);
  }
}
