/** The newest records of one stream, in memory. They serve most readers, and reveal a batch that was sent twice. */
import type { Header, StreamRecord } from "./records";

const MAX_RECORDS = 2_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** Old records are dropped in strides, so that a busy stream does not copy its whole tail for every record. */
const STRIDE = 500;
/** A control record that repeats the previous one within this time is a retry whose response was lost. */
const CONTROL_RETRY_MS = 10_000;

type Sent = { body: string; headers?: Header[] };

export function createRecentRecords() {
  /** Has no gaps, and ends with the newest record. */
  let records: StreamRecord[] = [];
  let bytes = 0;
  const seqById = new Map<string, number>();

  return {
    add(newer: StreamRecord[]): void {
      for (const record of newer) {
        records.push(record);
        bytes += record.body.length;
        const id = recordId(record.body);
        if (id) seqById.set(id, record.seq);
      }
      if (records.length >= MAX_RECORDS + STRIDE || bytes >= MAX_BYTES) forgetOldest();
    },

    /** Returns undefined if the records are no longer in memory. */
    slice(from: number, limit: number): StreamRecord[] | undefined {
      const first = records[0];
      if (!first || from < first.seq) return undefined;
      return records.slice(from - first.seq, from - first.seq + limit);
    },

    newest(isWanted: (record: StreamRecord) => boolean): StreamRecord | undefined {
      return records.findLast(isWanted);
    },

    /**
     * Returns the first number of a batch that is already stored. Only a whole batch counts, because the client expects
     * the acknowledgement of exactly that batch. A record id is part of the body, so equal bodies mean the same record.
     */
    findStored(batch: Sent[]): number | undefined {
      const [first] = batch;
      const oldest = records[0];
      if (!first || !oldest) return undefined;
      const start = isControl(first) ? repeatedControl(batch) : seqById.get(recordId(first.body) ?? "");
      if (start === undefined) return undefined;
      const same = batch.every((record, index) => records[start - oldest.seq + index]?.body === record.body);
      return same ? start : undefined;
    },

    hide(seqs: ReadonlySet<number>): void {
      for (const record of records) if (seqs.has(record.seq)) record.hidden = true;
    },

    clear(): void {
      records = [];
      bytes = 0;
      seqById.clear();
    },
  };

  function repeatedControl(batch: Sent[]): number | undefined {
    const last = records.at(-1);
    if (!last || batch.length !== 1 || Date.now() - last.timestamp > CONTROL_RETRY_MS) return undefined;
    return JSON.stringify(last.headers) === JSON.stringify(batch[0]!.headers) ? last.seq : undefined;
  }

  function forgetOldest(): void {
    let drop = 0;
    for (const record of records) {
      if (records.length - drop <= MAX_RECORDS && bytes <= MAX_BYTES / 2) break;
      drop += 1;
      bytes -= record.body.length;
      const id = recordId(record.body);
      if (id && seqById.get(id) === record.seq) seqById.delete(id);
    }
    records = records.slice(drop);
  }
}

/** Returns the id at the end of a body from the SDK (`{"data":…,"id":"x"}`) without parsing up to a megabyte of JSON. */
export function recordId(body: string): string | undefined {
  if (!body.endsWith('"}')) return undefined;
  return /"id":"([^"\\]{1,64})"\}$/.exec(body.slice(-80))?.[1];
}

function isControl(record: Sent): boolean {
  return record.body === "" && record.headers?.[0]?.[0] === "trigger-control";
}
