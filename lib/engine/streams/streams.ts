/**
 * Owns the durable, append-only streams: their numbers, their readers, and what of them is in memory. A number that
 * a reader has seen is never given out again.
 *
 * Trimming is logical first: `trimSeq` is where a reader without a cursor begins. Records below it stay readable for a
 * reader with a cursor, because a page may have saved its cursor one turn ago: the records back to the trim point before
 * (`keep_seq`) are kept for good, and older ones until the retention job has run twice.
 */
import type { Database } from "../database";
import { type Failpoints, noFailpoints } from "../failpoints";
import { HttpError } from "../http/errors";
import { type Append, type Appended, createAppendQueue, type NewRecord, type Position } from "./append-queue";
import { createRecentRecords } from "./recent-records";
import { isCommand, type StreamRecord } from "./records";
import { createStreamRows, type StreamState } from "./stream-rows";

export type Stream = ReturnType<typeof createStream>;

export type Streams = ReturnType<typeof createStreams>;

const TOKEN_HEADER = "public-access-token";
const READ_RECORDS = 500;
const READ_BYTES = 1024 * 1024;
const RELOADED_RECORDS = 500;

export function createStreams(database: Database, failpoints: Failpoints = noFailpoints) {
  const open = new Map<string, Stream>();
  return {
    get(name: string): Stream {
      let stream = open.get(name);
      if (!stream) open.set(name, (stream = createStream(name, database, failpoints)));
      return stream;
    },
    /** Frees the memory of streams that have been idle for a while. Their objects stay, because they are small. */
    coolDown(idleMs: number): void {
      for (const stream of open.values()) stream.coolDown(idleMs);
    },
    /** Ends every reader of the streams with this prefix, after it has sent what is stored. */
    cut(prefix: string): void {
      for (const [name, stream] of open) if (name.startsWith(prefix)) stream.cut();
    },
    /** True for a stream without readers and without records in memory. */
    isCold(name: string): boolean {
      return open.get(name)?.isCold() ?? true;
    },
    /** Call after the rows of the streams with this prefix have been deleted. */
    forget(prefix: string): void {
      this.cut(prefix);
      for (const name of open.keys()) if (name.startsWith(prefix)) open.delete(name);
    },
  };
}

function createStream(name: string, database: Database, failpoints: Failpoints) {
  let loading: Promise<StreamState> | undefined;
  let state: StreamState | undefined;
  const rows = createStreamRows(database);
  const recent = createRecentRecords();
  const listeners = new Set<() => void>();
  const appends = createAppendQueue({
    name,
    rows,
    recent,
    failpoints,
    loadState,
    forgetState,
    notifyReaders: () => {
      usedAt = Date.now();
      for (const listener of listeners) listener();
    },
  });
  let usedAt = Date.now();
  let cuts = 0;

  return {
    name,

    async append(batch: Append): Promise<Appended> {
      for (const record of batch.records) requireText(record);
      return appends.append({ ...batch, records: batch.records.map(withoutToken) });
    },

    /** Returns the number of the next record, where a reader without a cursor begins, and the time of the last record. */
    async tail(): Promise<{ next: number; trim: number; timestamp: number }> {
      const { next, trim, lastTs } = await loadState();
      return { next, trim, timestamp: lastTs };
    },

    /** Returns the tail without a database query. Await `tail()` once before. */
    position(): Position {
      return { seq_num: state?.next ?? 0, timestamp: state?.lastTs ?? 0 };
    },

    /** Reads a bounded number of records from `from` on, hidden ones included; none at the tail. */
    async readRecords(from: number, limit = READ_RECORDS): Promise<StreamRecord[]> {
      const { id, next } = await loadState();
      usedAt = Date.now();
      if (from >= next) return [];
      const hot = recent.slice(from, limit);
      if (hot) return withinBytes(hot);
      return withinBytes(await rows.readRecords(id, from, Math.min(limit, READ_RECORDS)));
    },

    async readAll(from: number): Promise<StreamRecord[]> {
      const all: StreamRecord[] = [];
      for (
        let page = await this.readRecords(from);
        page.length > 0;
        page = await this.readRecords(page.at(-1)!.seq + 1)
      ) {
        all.push(...page);
      }
      return all;
    },

    /** Returns the newest records with headers (control and command records), newest first. */
    async newestControls(limit = 30): Promise<StreamRecord[]> {
      const { id } = await loadState();
      return rows.controls(id, limit);
    },

    /** Returns the newest record that is data or control, if it still exists. */
    async newest(): Promise<StreamRecord | undefined> {
      const { id } = await loadState();
      usedAt = Date.now();
      return recent.newest((record) => !isCommand(record) && !record.hidden) ?? rows.newest(id);
    },

    async hide(seqs: number[]): Promise<void> {
      if (seqs.length === 0) return;
      const { id } = await loadState();
      await rows.hide(id, seqs);
      recent.hide(new Set(seqs));
    },

    /** Calls back after every commit. Subscribe before reading, so that no record is missed in between. */
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    isCold: () => listeners.size === 0 && !appends.isBusy() && loading === undefined,

    /** Counts how often the stream's readers have been cut. */
    cuts: () => cuts,

    cut(): void {
      cuts += 1;
      for (const listener of listeners) listener();
    },

    coolDown(idleMs: number): void {
      if (listeners.size > 0 || appends.isBusy() || Date.now() - usedAt < idleMs) return;
      forgetState();
    },
  };

  function forgetState(): void {
    loading = undefined;
    state = undefined;
    recent.clear();
  }

  function loadState(): Promise<StreamState> {
    if (state) return Promise.resolve(state);
    loading ??= openState().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  }

  async function openState(): Promise<StreamState> {
    const opened = await rows.open(name);
    recent.add(await rows.readRecords(opened.id, opened.next - RELOADED_RECORDS, RELOADED_RECORDS));
    return (state = opened);
  }
}

function withinBytes(records: StreamRecord[]): StreamRecord[] {
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    bytes += record.body.length;
    if (bytes > READ_BYTES && index > 0) return records.slice(0, index);
  }
  return records;
}

/** Drops the fresh token that the SDK adds to the end of a turn: a later reader must not find a valid token there. */
function withoutToken(record: NewRecord): NewRecord {
  if (!record.headers?.some(([name]) => name === TOKEN_HEADER)) return record;
  return { ...record, headers: record.headers.filter(([name]) => name !== TOKEN_HEADER) };
}

function requireText(record: NewRecord): void {
  const texts = [record.body, ...(record.headers ?? []).flat()];
  if (texts.some((text) => text.includes("\u0000"))) {
    throw new HttpError(400, "A record must not contain a raw NUL character; JSON-escape it", {
      code: "invalid",
    });
  }
}
