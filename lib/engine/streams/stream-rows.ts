/** The statements on the tables of the streams. `streams.ts` and `append-queue.ts` decide when they run. */
import type { Database } from "../database";
import type { Header, StreamRecord } from "./records";

/** The row of a stream. The engine keeps it in memory, because only this process appends. */
export type StreamState = {
  id: number;
  next: number;
  lastTs: number;
  trim: number;
  keep: number;
  fencingToken: string;
};

type Addition = {
  records: { body: string; headers?: Header[] }[];
  timestamp: number;
  trim: number;
  fencingToken: string;
  /** Part ids, with the index of their first record in `records`. */
  parts: { id: string; offset: number }[];
};

/** One statement locks the stream's row, counts it up, and stores the records under the new numbers. */
const APPEND = `
  with head as (
    update engine.streams set
      next_seq = next_seq + $2,
      last_ts = $4,
      keep_seq = case when $5::bigint > trim_seq then trim_seq else keep_seq end,
      trim_seq = greatest(trim_seq, $5::bigint),
      fencing_token = $6
    where id = $1 and next_seq = $3
    returning id
  ), stored as (
    insert into engine.stream_records (stream_id, seq, ts, body, headers)
    select head.id, $3::bigint + record.place - 1, $4::bigint, record.body, record.headers
    from head, unnest($7::text[], $8::text[]) with ordinality as record (body, headers, place)
  ), parts as (
    insert into engine.stream_parts (stream_id, part_id, seq)
    select head.id, part.id, $3::bigint + part.place
    from head, unnest($9::text[], $10::bigint[]) as part (id, place)
  )
  select id from head`;

const COLUMNS = "seq, ts, body, headers, hidden";

export function createStreamRows(database: Database) {
  return {
    /** Creates the stream if it does not exist. */
    async open(name: string): Promise<StreamState> {
      const found = await database.query(
        `insert into engine.streams (name) values ($1) on conflict (name) do update set name = excluded.name
         returning id, next_seq, last_ts, trim_seq, keep_seq, fencing_token`,
        [name],
      );
      const row = found.rows[0];
      return {
        id: row.id,
        next: row.next_seq,
        lastTs: row.last_ts,
        trim: row.trim_seq,
        keep: row.keep_seq,
        fencingToken: row.fencing_token,
      };
    },

    async readRecords(id: number, from: number, limit: number): Promise<StreamRecord[]> {
      const found = await database.query<RecordRow>({
        name: "engine-stream-read",
        text: `select ${COLUMNS} from engine.stream_records
               where stream_id = $1 and seq >= $2 order by seq limit $3`,
        values: [id, from, limit],
      });
      return found.rows.map(toRecord);
    },

    /** Returns records with headers, newest first. */
    async controls(id: number, limit: number): Promise<StreamRecord[]> {
      const found = await database.query<RecordRow>({
        name: "engine-stream-controls",
        text: `select ${COLUMNS} from engine.stream_records
               where stream_id = $1 and headers is not null order by seq desc limit $2`,
        values: [id, limit],
      });
      return found.rows.map(toRecord);
    },

    /** Returns the newest record that is neither a command nor hidden. */
    async newest(id: number): Promise<StreamRecord | undefined> {
      const found = await database.query<RecordRow>({
        name: "engine-stream-newest",
        text: `select ${COLUMNS} from engine.stream_records
               where stream_id = $1 and not hidden and (headers is null or headers not like '[["",%')
               order by seq desc limit 1`,
        values: [id],
      });
      return found.rows[0] && toRecord(found.rows[0]);
    },

    async hide(id: number, seqs: number[]): Promise<void> {
      await database.query(
        "update engine.stream_records set hidden = true where stream_id = $1 and seq = any($2::bigint[])",
        [id, seqs],
      );
    },

    /** Returns the first number of each part that is already stored. */
    async partSeqs(id: number, partIds: string[]): Promise<Map<string, number>> {
      if (partIds.length === 0) return new Map();
      const found = await database.query({
        name: "engine-stream-parts",
        text: "select part_id, seq from engine.stream_parts where stream_id = $1 and part_id = any($2::text[])",
        values: [id, partIds],
      });
      return new Map(found.rows.map((row) => [row.part_id as string, row.seq as number]));
    },

    /** Returns false if another process has appended since `state` was loaded. */
    async append(state: StreamState, { records, parts, ...addition }: Addition): Promise<boolean> {
      const answer = await database.query({
        name: "engine-stream-append",
        text: APPEND,
        values: [
          state.id,
          records.length,
          state.next,
          addition.timestamp,
          addition.trim,
          addition.fencingToken,
          records.map((record) => record.body),
          records.map((record) => (record.headers?.length ? JSON.stringify(record.headers) : null)),
          parts.map((part) => part.id),
          parts.map((part) => part.offset),
        ],
      });
      return answer.rows.length === 1;
    },
  };
}

type RecordRow = { seq: number; ts: number; body: string; headers: string | null; hidden: boolean };

function toRecord(row: RecordRow): StreamRecord {
  const headers = row.headers === null ? [] : (JSON.parse(row.headers) as Header[]);
  return { seq: row.seq, timestamp: row.ts, body: row.body, headers, hidden: row.hidden };
}
