/**
 * The end of one stream, kept in memory: most readers want nothing older, and a resent batch is recognised here.
 */
import type { Header, StreamRecord } from "./records";

const MAX_RECORDS = 2_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** Forgetting in strides: a busy stream should not move its whole tail for every record. */
const STRIDE = 500;
/** A control record that repeats the one before it within this time is a retry whose answer got lost. */
const CONTROL_RETRY_MS = 10_000;

type Sent = { body: string; headers?: Header[] };

export function createRecentRecords() {
  /** Without gaps, up to the newest record. */
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

    /** Undefined: not here, look in the table. */
    slice(from: number, limit: number): StreamRecord[] | undefined {
      const first = records[0];
      if (!first || from < first.seq) return undefined;
      return records.slice(from - first.seq, from - first.seq + limit);
    },

    newest(isWanted: (record: StreamRecord) => boolean): StreamRecord | undefined {
      return records.findLast(isWanted);
    },

    /**
     * Where a resent batch already lies. Only a whole batch counts: the client requires the acknowledgement to cover
     * exactly what it sent. A record id is part of the body, so equal bodies mean the same record.
     */
    find(batch: Sent[]): number | undefined {
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

/** The id that ends every body the SDK writes (`{"data":…,"id":"x"}`), without parsing what may be a megabyte. */
export function recordId(body: string): string | undefined {
  if (!body.endsWith('"}')) return undefined;
  return /"id":"([^"\\]{1,64})"\}$/.exec(body.slice(-80))?.[1];
}

function isControl(record: Sent): boolean {
  return record.body === "" && record.headers?.[0]?.[0] === "trigger-control";
}
