/**
 * Limits what browsers may store in a chat's side channels. A channel is created when it is first named, so without
 * limits a token could fill the disk. `retention.ts` empties channels after a day.
 */
import type { Database } from "../database";
import { HttpError } from "../http/errors";
import { createMutex } from "../mutex";
import type { Streams } from "./streams";

export const SIDE_CHANNEL_LIMITS = {
  streams: 32,
  recordBytes: 64 * 1024,
  records: 1_000,
  bytes: 4 * 1024 * 1024,
};

export type SideChannels = ReturnType<typeof createSideChannels>;

export function createSideChannels({ database, streams }: { database: Database; streams: Streams }) {
  const exclusive = createMutex();
  return { requirePlace, requireSpace };

  /** Call before a browser's token reads or writes this stream. Existing streams stay usable at the limit. */
  function requirePlace(sessionId: string, streamName: string): Promise<void> {
    return exclusive(sessionId, async () => {
      const result = await database.query<{ exists: boolean | null; count: number }>(
        `select bool_or(name = $2) as exists, count(*)::int as count from engine.streams
         where starts_with(name, 'sessions/' || $1::text || '/channels/')`,
        [sessionId, streamName],
      );
      const { exists, count } = result.rows[0]!;
      if (exists) return;
      if (count >= SIDE_CHANNEL_LIMITS.streams) {
        const message = `This chat has ${count} side channel streams already, which is the limit for browsers`;
        throw new HttpError(409, message, { code: "too_many_channels" });
      }
      // Creates the stream now, so that the next call counts it.
      await streams.get(streamName).tail();
    });
  }

  /** Call before a browser's token appends `bytes` to this stream. */
  async function requireSpace(streamName: string, bytes: number): Promise<void> {
    const limits = SIDE_CHANNEL_LIMITS;
    if (bytes > limits.recordBytes) {
      const message = `The record has ${bytes} bytes; the limit of a side channel is ${limits.recordBytes}`;
      throw new HttpError(413, message);
    }
    const result = await database.query<{ records: number; bytes: number }>(
      `select count(*)::int as records, coalesce(sum(octet_length(body)), 0)::int as bytes
       from engine.stream_records where stream_id = (select id from engine.streams where name = $1)`,
      [streamName],
    );
    const stored = result.rows[0]!;
    if (stored.records < limits.records && stored.bytes + bytes <= limits.bytes) return;
    const message = `The side channel is full (${stored.records} records, ${stored.bytes} bytes). It is emptied after a day`;
    throw new HttpError(413, message, { code: "channel_full" });
  }
}
