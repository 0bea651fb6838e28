/**
 * Durable, append-only streams. A record gets its number, is committed, and only then is acknowledged and shown, so
 * a number that anyone has seen is never given out again.
 *
 * Trimming is logical first: `trimSeq` is where a reader without a cursor begins. What lies below stays readable for
 * a reader that comes with a cursor, because a page may have saved its cursor one turn ago: the records back to the
 * trim point before (`keep_seq`) are kept for good, and older ones until the retention job has passed twice.
 */
import type { Database } from "../database";
import { type Failpoints, noFailpoints } from "../failpoints";
import { HttpError } from "../http/errors";
import { createRecentRecords, recordId } from "./recent-records";
import { type Header, isCommand, type StreamRecord } from "./records";
import { createStreamRows, type StreamState } from "./stream-rows";

export type Position = { seq_num: number; timestamp: number };

export type Appended = { start: Position; end: Position; tail: Position; duplicate: boolean };

export type NewRecord = {
  body: string;
  headers?: Header[];
  timestamp?: number;
  command?: { trim: number } | { fence: string };
};

export type Append = {
  records: NewRecord[];
  /** A second append with the same part id is answered with the first one's numbers and stores nothing. */
  partId?: string;
  matchSeq?: number;
  fencingToken?: string;
  /** Batches of one connection: after one has failed, those behind it must not be stored either. */
  connection?: { failed: boolean };
};

export type Stream = ReturnType<typeof createStream>;

export type Streams = ReturnType<typeof createStreams>;

const TOKEN_HEADER = "public-access-token";
const READ_RECORDS = 500;
const READ_BYTES = 1024 * 1024;
const RELOADED_RECORDS = 500;
const GROUP_RECORDS = 2_000;

export function createStreams(database: Database, failpoints: Failpoints = noFailpoints) {
  const open = new Map<string, Stream>();
  return {
    get(name: string): Stream {
      let stream = open.get(name);
      if (!stream) open.set(name, (stream = createStream(name, database, failpoints)));
      return stream;
    },
    /** Gives back the memory of streams that nobody has used for a while; their objects stay, they are small. */
    coolDown(idleMs: number): void {
      for (const stream of open.values()) stream.coolDown(idleMs);
    },
    /** Ends every reader of these streams, once it has what there is. */
    cut(prefix: string): void {
      for (const [name, stream] of open) if (name.startsWith(prefix)) stream.cut();
    },
    /** Nobody reads it, and nothing of it is in memory. */
    isCold(name: string): boolean {
      return open.get(name)?.isCold() ?? true;
    },
    /** These streams are no more. */
    forget(prefix: string): void {
      this.cut(prefix);
      for (const name of open.keys()) if (name.startsWith(prefix)) open.delete(name);
    },
  };
}

type Waiting = Append & { resolve(result: Appended): void; reject(error: unknown): void };

function createStream(name: string, database: Database, failpoints: Failpoints) {
  let loading: Promise<StreamState> | undefined;
  let state: StreamState | undefined;
  const rows = createStreamRows(database);
  const recent = createRecentRecords();
  let queue: Waiting[] = [];
  let flushing = false;
  let usedAt = Date.now();
  let cuts = 0;
  const listeners = new Set<() => void>();

  return {
    name,

    async append(batch: Append): Promise<Appended> {
      for (const record of batch.records) requireText(record);
      const records = batch.records.map(withoutToken);
      return new Promise((resolve, reject) => {
        queue.push({ ...batch, records, resolve, reject });
        if (!flushing) void flush();
      });
    },

    /** The number the next record will get, where a reader without a cursor begins, and the time of the last record. */
    async tail(): Promise<{ next: number; trim: number; timestamp: number }> {
      const now = await load();
      return { next: now.next, trim: now.trim, timestamp: now.lastTs };
    },

    /** What is known without asking the database; `tail()` must have been awaited once. */
    position(): Position {
      return { seq_num: state?.next ?? 0, timestamp: state?.lastTs ?? 0 };
    },

    /** A bounded run of records from `from` on, hidden ones included; empty at the tail. */
    async read(from: number, limit = READ_RECORDS): Promise<StreamRecord[]> {
      const { id, next } = await load();
      usedAt = Date.now();
      if (from >= next) return [];
      const hot = recent.slice(from, limit);
      if (hot) return withinBytes(hot);
      return withinBytes(await rows.read(id, from, Math.min(limit, READ_RECORDS)));
    },

    async readAll(from: number): Promise<StreamRecord[]> {
      const all: StreamRecord[] = [];
      for (let page = await this.read(from); page.length > 0; page = await this.read(page.at(-1)!.seq + 1)) {
        all.push(...page);
      }
      return all;
    },

    /** The newest records that carry headers (control and command records), newest first. */
    async newestControls(limit = 30): Promise<StreamRecord[]> {
      const { id } = await load();
      return rows.controls(id, limit);
    },

    /** The newest record that is data or control, if it still exists. */
    async newest(): Promise<StreamRecord | undefined> {
      const { id } = await load();
      usedAt = Date.now();
      return recent.newest((record) => !isCommand(record) && !record.hidden) ?? rows.newest(id);
    },

    async hide(seqs: number[]): Promise<void> {
      if (seqs.length === 0) return;
      const { id } = await load();
      await rows.hide(id, seqs);
      recent.hide(new Set(seqs));
    },

    /** Calls back after every commit. Subscribe before reading, then nothing can fall between the two. */
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    isCold: () => listeners.size === 0 && !flushing && loading === undefined,

    /** How often its readers were sent away. */
    cuts: () => cuts,

    cut(): void {
      cuts += 1;
      for (const listener of listeners) listener();
    },

    coolDown(idleMs: number): void {
      if (listeners.size > 0 || flushing || Date.now() - usedAt < idleMs) return;
      forget();
    },
  };

  function forget(): void {
    loading = undefined;
    state = undefined;
    recent.clear();
  }

  function load(): Promise<StreamState> {
    if (state) return Promise.resolve(state);
    loading ??= loadState().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  }

  async function loadState(): Promise<StreamState> {
    const opened = await rows.open(name);
    recent.add(await rows.read(opened.id, opened.next - RELOADED_RECORDS, RELOADED_RECORDS));
    return (state = opened);
  }

  /** Group commit: while one statement is on its way, the appends that arrive are collected for the next one. */
  async function flush(): Promise<void> {
    flushing = true;
    while (queue.length > 0) {
      const taken: Waiting[] = [];
      try {
        const now = await load();
        // Only these: what arrives while we look has not been looked up.
        const candidates = queue.length;
        const known = await rows.partSeqs(
          now.id,
          queue.flatMap((batch) => batch.partId ?? []),
        );
        commitable(now, known, candidates, taken);
        if (taken.length > 0) await commit(now, taken);
      } catch (error) {
        // The outcome may be unknown (the connection broke after the commit): believe only what the table says.
        const failed = taken.length > 0 ? taken : queue.splice(0);
        forget();
        const answer = new HttpError(503, `The append could not be stored: ${(error as Error).message}`, {
          code: "unavailable",
        });
        for (const batch of failed) fail(batch, answer);
        for (const listener of listeners) listener();
      }
    }
    flushing = false;
    usedAt = Date.now();
  }

  /** Moves batches from the queue to `taken` until one of them has to see the result of an earlier one first. */
  function commitable(
    now: StreamState,
    known: Map<string, number>,
    candidates: number,
    taken: Waiting[],
  ): void {
    const partIds = new Set<string>();
    const recordIds = new Set<string>();
    let next = now.next;
    for (let left = candidates; left > 0 && queue[0]; left--) {
      const batch = queue[0];
      const id = recordId(batch.records[0]?.body ?? "");
      const repeatsThisGroup = (batch.partId && partIds.has(batch.partId)) || (id && recordIds.has(id));
      const full = taken.length > 0 && next - now.next + batch.records.length > GROUP_RECORDS;
      const conditional =
        batch.matchSeq !== undefined || batch.fencingToken !== undefined || hasCommand(batch, "fence");
      if (repeatsThisGroup || full || (conditional && taken.length > 0)) return;
      queue.shift();
      const refusal = batch.connection?.failed
        ? new HttpError(503, "An earlier append failed")
        : refused(now, batch);
      if (refusal) {
        fail(batch, refusal);
        continue;
      }
      const stored = batch.partId === undefined ? recent.find(batch.records) : known.get(batch.partId);
      if (stored !== undefined) {
        batch.resolve({ ...positions(now, stored, batch.records.length, now.lastTs), duplicate: true });
        continue;
      }
      taken.push(batch);
      next += batch.records.length;
      if (batch.partId) partIds.add(batch.partId);
      for (const record of batch.records) recordIds.add(recordId(record.body) ?? "");
      if (conditional) return;
    }
  }

  function refused(now: StreamState, batch: Waiting): HttpError | undefined {
    if (batch.fencingToken !== undefined && batch.fencingToken !== now.fencingToken) {
      return new HttpError(412, "Fencing token mismatch", {
        details: { fencing_token_mismatch: now.fencingToken },
      });
    }
    if (batch.matchSeq !== undefined && batch.matchSeq !== now.next) {
      return new HttpError(412, "Sequence number mismatch", { details: { seq_num_mismatch: now.next } });
    }
    return undefined;
  }

  function fail(batch: Waiting, error: HttpError): void {
    if (batch.connection) batch.connection.failed = true;
    batch.reject(error);
  }

  async function commit(now: StreamState, batches: Waiting[]): Promise<void> {
    const records = batches.flatMap((batch) => batch.records);
    const timestamp = Math.max(Date.now(), now.lastTs);
    const trim = newTrim(now, records);
    const fence = records.findLast((record) => record.command && "fence" in record.command)?.command;
    const fencingToken = fence && "fence" in fence ? fence.fence : now.fencingToken;
    await failpoints("append-enospc", name);
    const stored = await rows.append(now, {
      records,
      timestamp,
      trim,
      fencingToken,
      parts: batches.flatMap(({ partId }, index) =>
        partId === undefined ? [] : [{ id: partId, offset: offsetOf(batches, batches[index]!) }],
      ),
    });
    if (!stored) throw new Error(`stream ${name} was changed by somebody else`);
    await failpoints("after-commit-before-ack", name);
    const start = now.next;
    now.next += records.length;
    now.lastTs = timestamp;
    now.fencingToken = fencingToken;
    if (trim > now.trim) {
      now.keep = now.trim;
      now.trim = trim;
    }
    recent.add(
      records.map((record, index) => ({
        seq: start + index,
        timestamp,
        body: record.body,
        headers: record.headers ?? [],
        hidden: false,
      })),
    );
    for (const batch of batches) {
      const at = start + offsetOf(batches, batch);
      batch.resolve({ ...positions(now, at, batch.records.length, timestamp), duplicate: false });
    }
    await failpoints("between-commit-and-fanout", name);
    for (const listener of listeners) listener();
  }

  function newTrim(now: StreamState, records: NewRecord[]): number {
    let trim = now.trim;
    for (const [index, { command }] of records.entries()) {
      if (command && "trim" in command) trim = Math.max(trim, Math.min(command.trim, now.next + index));
    }
    return trim;
  }
}

function positions(
  now: StreamState,
  start: number,
  count: number,
  timestamp: number,
): Omit<Appended, "duplicate"> {
  return {
    start: { seq_num: start, timestamp },
    end: { seq_num: start + count, timestamp },
    tail: { seq_num: now.next, timestamp: now.lastTs },
  };
}

function offsetOf(batches: Waiting[], batch: Waiting): number {
  let offset = 0;
  for (const other of batches) {
    if (other === batch) return offset;
    offset += other.records.length;
  }
  return offset;
}

function hasCommand(batch: Append, kind: "trim" | "fence"): boolean {
  return batch.records.some((record) => record.command && kind in record.command);
}

function withinBytes(records: StreamRecord[]): StreamRecord[] {
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    bytes += record.body.length;
    if (bytes > READ_BYTES && index > 0) return records.slice(0, index);
  }
  return records;
}

/** The end of a turn comes with a fresh token for the page. Whoever reads a stream later must not find a live key in it. */
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
