/**
 * The appends of one stream, in order. It owns group commit: appends that arrive while one statement is under way are
 * stored together by the next one. A record gets its number, is committed, and only then is acknowledged and shown.
 */
import type { Failpoints } from "../failpoints";
import { HttpError } from "../http/errors";
import { type createRecentRecords, recordId } from "./recent-records";
import type { Header } from "./records";
import type { createStreamRows, StreamState } from "./stream-rows";

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
  /** A second append with the same part id stores nothing and gets the numbers of the first one. */
  partId?: string;
  matchSeq?: number;
  fencingToken?: string;
  /** Shared by the batches of one connection: after one has failed, the later ones must not be stored either. */
  connection?: { failed: boolean };
};

type Waiting = Append & { resolve(result: Appended): void; reject(error: unknown): void };

type Options = {
  name: string;
  rows: ReturnType<typeof createStreamRows>;
  recent: ReturnType<typeof createRecentRecords>;
  failpoints: Failpoints;
  loadState: () => Promise<StreamState>;
  forgetState: () => void;
  /** Called after every commit, and after a failure whose outcome is unknown. */
  notifyReaders: () => void;
};

const GROUP_RECORDS = 2_000;

export function createAppendQueue(options: Options) {
  const { name, rows, recent, failpoints, loadState, forgetState, notifyReaders } = options;
  let queue: Waiting[] = [];
  let flushing = false;

  return {
    isBusy: () => flushing,

    append(batch: Append): Promise<Appended> {
      return new Promise((resolve, reject) => {
        queue.push({ ...batch, resolve, reject });
        if (!flushing) void flush();
      });
    },
  };

  async function flush(): Promise<void> {
    flushing = true;
    while (queue.length > 0) {
      const group: Waiting[] = [];
      try {
        const state = await loadState();
        // Only these: the part ids of batches that arrive during the lookup have not been looked up.
        const candidates = queue.length;
        const storedParts = await rows.partSeqs(
          state.id,
          queue.flatMap((batch) => batch.partId ?? []),
        );
        takeGroup(state, storedParts, candidates, group);
        if (group.length > 0) await commit(state, group);
      } catch (error) {
        // The connection may have failed after the commit, so the next append reloads the state from the table.
        const failed = group.length > 0 ? group : queue.splice(0);
        forgetState();
        const answer = new HttpError(503, `The append could not be stored: ${(error as Error).message}`, {
          code: "unavailable",
        });
        for (const batch of failed) reject(batch, answer);
        notifyReaders();
      }
    }
    flushing = false;
  }

  /** Moves batches from the queue to `group` until one of them needs the result of an earlier one. */
  function takeGroup(
    state: StreamState,
    storedParts: Map<string, number>,
    candidates: number,
    group: Waiting[],
  ): void {
    const partIds = new Set<string>();
    const recordIds = new Set<string>();
    let next = state.next;
    for (let left = candidates; left > 0 && queue[0]; left--) {
      const batch = queue[0];
      const id = recordId(batch.records[0]?.body ?? "");
      const repeatsThisGroup = (batch.partId && partIds.has(batch.partId)) || (id && recordIds.has(id));
      const full = group.length > 0 && next - state.next + batch.records.length > GROUP_RECORDS;
      const conditional =
        batch.matchSeq !== undefined || batch.fencingToken !== undefined || hasCommand(batch, "fence");
      if (repeatsThisGroup || full || (conditional && group.length > 0)) return;
      queue.shift();
      const refusal = refusalOf(state, batch);
      if (refusal) {
        reject(batch, refusal);
        continue;
      }
      const stored =
        batch.partId === undefined ? recent.findStored(batch.records) : storedParts.get(batch.partId);
      if (stored !== undefined) {
        batch.resolve({ ...positions(state, stored, batch.records.length, state.lastTs), duplicate: true });
        continue;
      }
      group.push(batch);
      next += batch.records.length;
      if (batch.partId) partIds.add(batch.partId);
      for (const record of batch.records) recordIds.add(recordId(record.body) ?? "");
      if (conditional) return;
    }
  }

  async function commit(state: StreamState, group: Waiting[]): Promise<void> {
    const records = group.flatMap((batch) => batch.records);
    const timestamp = Math.max(Date.now(), state.lastTs);
    const trim = newTrim(state, records);
    const fence = records.findLast((record) => record.command && "fence" in record.command)?.command;
    const fencingToken = fence && "fence" in fence ? fence.fence : state.fencingToken;
    await failpoints("append-enospc", name);
    const stored = await rows.append(state, {
      records,
      timestamp,
      trim,
      fencingToken,
      parts: group.flatMap((batch) =>
        batch.partId === undefined ? [] : [{ id: batch.partId, offset: offsetOf(group, batch) }],
      ),
    });
    if (!stored) throw new Error(`another process has appended to stream ${name}`);
    await failpoints("after-commit-before-ack", name);
    const start = state.next;
    state.next += records.length;
    state.lastTs = timestamp;
    state.fencingToken = fencingToken;
    if (trim > state.trim) {
      state.keep = state.trim;
      state.trim = trim;
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
    for (const batch of group) {
      const at = start + offsetOf(group, batch);
      batch.resolve({ ...positions(state, at, batch.records.length, timestamp), duplicate: false });
    }
    await failpoints("between-commit-and-fanout", name);
    notifyReaders();
  }
}

function refusalOf(state: StreamState, batch: Waiting): HttpError | undefined {
  if (batch.connection?.failed) return new HttpError(503, "An earlier append failed");
  if (batch.fencingToken !== undefined && batch.fencingToken !== state.fencingToken) {
    return new HttpError(412, "Fencing token mismatch", {
      details: { fencing_token_mismatch: state.fencingToken },
    });
  }
  if (batch.matchSeq !== undefined && batch.matchSeq !== state.next) {
    return new HttpError(412, "Sequence number mismatch", { details: { seq_num_mismatch: state.next } });
  }
  return undefined;
}

function reject(batch: Waiting, error: HttpError): void {
  if (batch.connection) batch.connection.failed = true;
  batch.reject(error);
}

function newTrim(state: StreamState, records: NewRecord[]): number {
  let trim = state.trim;
  for (const [index, { command }] of records.entries()) {
    if (command && "trim" in command) trim = Math.max(trim, Math.min(command.trim, state.next + index));
  }
  return trim;
}

function positions(
  state: StreamState,
  start: number,
  count: number,
  timestamp: number,
): Omit<Appended, "duplicate"> {
  return {
    start: { seq_num: start, timestamp },
    end: { seq_num: start + count, timestamp },
    tail: { seq_num: state.next, timestamp: state.lastTs },
  };
}

function offsetOf(group: Waiting[], batch: Waiting): number {
  let offset = 0;
  for (const other of group) {
    if (other === batch) return offset;
    offset += other.records.length;
  }
  return offset;
}

function hasCommand(batch: Append, kind: "trim" | "fence"): boolean {
  return batch.records.some((record) => record.command && kind in record.command);
}
