/**
 * What browsers may make of a chat's side channels. A channel comes to be when somebody names it, so a token could
 * otherwise fill the disk: the channels of a chat are counted, and a channel holds so much. (How long it holds that is
 * in `retention.ts`.)
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

  /** Call it before a browser's token reads or writes this stream. One that is there stays usable. */
  function requirePlace(sessionId: string, streamName: string): Promise<void> {
    return exclusive(sessionId, async () => {
      const found = await database.query<{ known: boolean | null; count: number }>(
        `select bool_or(name = $2) as known, count(*)::int as count from engine.streams
         where starts_with(name, 'sessions/' || $1::text || '/channels/')`,
        [sessionId, streamName],
      );
      const { known, count } = found.rows[0]!;
      if (known) return;
      if (count >= SIDE_CHANNEL_LIMITS.streams) {
        const message = `The side channels of this chat have ${count} streams; a browser can make no more`;
        throw new HttpError(409, message, { code: "too_many_channels" });
      }
      // Made here, so that the next one counts it.
      await streams.get(streamName).tail();
    });
  }

  /** Call it before a browser's token appends `bytes` to this stream. */
  async function requireSpace(streamName: string, bytes: number): Promise<void> {
    const limits = SIDE_CHANNEL_LIMITS;
    if (bytes > limits.recordBytes) {
      const message = `The record has ${bytes} bytes; the limit of a side channel is ${limits.recordBytes}`;
      throw new HttpError(413, message);
    }
    const found = await database.query<{ records: number; bytes: number }>(
      `select count(*)::int as records, coalesce(sum(octet_length(body)), 0)::int as bytes
       from engine.stream_records where stream_id = (select id from engine.streams where name = $1)`,
      [streamName],
    );
    const held = found.rows[0]!;
    if (held.records < limits.records && held.bytes + bytes <= limits.bytes) return;
    const message = `The side channel is full (${held.records} records, ${held.bytes} bytes). It is emptied after a day`;
    throw new HttpError(413, message, { code: "channel_full" });
  }
}
