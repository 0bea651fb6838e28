/**
 * Server-sent events over a stream. A reader pulls: its subscription only wakes it up, and it reads from its own cursor.
 * So no record is missed or repeated between history and live data, and a slow reader costs the memory of one batch.
 */
import type { ServerResponse } from "node:http";
import { z } from "zod";
import { isCommand, type StreamRecord } from "../streams/records";
import type { Stream } from "../streams/streams";
import { drained, type Reply } from "./reply";

type ReadOptions = {
  /** The first record to send. */
  from: number;
  /** The response ends after this long without a record; undefined: never. */
  idleTimeoutMs: number | undefined;
  /** No more records will come: send the stored ones, then end. */
  settled: boolean;
  /** The time until the next heartbeat of an idle stream. */
  heartbeatMs: () => number;
};

/** The headers with which a reader says where to begin and how long to wait. */
export const ReaderHeaders = z.object({
  "timeout-seconds": z.coerce.number().int().min(1).max(600).default(60),
  "last-event-id": z.string().optional(),
  "x-trigger-stream-start": z.string().optional(),
  "x-peek-settled": z.string().optional(),
  "x-forwarded-for": z.string().optional(),
});

const DONE = "data: [DONE]\n\n";
/** A comment that readers ignore. It flushes the headers through proxies that hold them back until the first byte. */
const OPENING = ": open\n\n";

export function readReply(stream: Stream, options: ReadOptions): Reply {
  return {
    status: 200,
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      // Without this header the client parses an older format and shows nothing.
      "x-stream-version": "v2",
      ...(options.settled ? { "x-session-settled": "true" } : {}),
    },
    stream: (response) => send(response, stream, options),
  };
}

export async function readOptions(
  stream: Stream,
  headers: z.output<typeof ReaderHeaders>,
): Promise<Pick<ReadOptions, "from" | "idleTimeoutMs">> {
  const latest = headers["x-trigger-stream-start"] === "latest";
  return {
    from: await startOf(stream, headers["last-event-id"], latest),
    idleTimeoutMs: headers["timeout-seconds"] * 1_000,
  };
}

/** A cursor beyond the tail comes from before a backup was restored; its reader starts over. */
export async function startOf(stream: Stream, cursor: string | undefined, latest: boolean): Promise<number> {
  const { next, trim } = await stream.tail();
  if (cursor !== undefined && /^\d{1,15}$/.test(cursor)) {
    const from = Number(cursor) + 1;
    return from <= next ? from : trim;
  }
  return cursor === undefined && latest ? next : trim;
}

async function send(response: ServerResponse, stream: Stream, options: ReadOptions): Promise<void> {
  const { idleTimeoutMs, settled, heartbeatMs } = options;
  let cursor = options.from;
  let bytes = 0;
  let lastRecordAt = Date.now();
  let pingAt = Date.now() + heartbeatMs();
  let closed = response.destroyed;
  const cuts = stream.cuts();
  const alarm = createAlarm();
  const unsubscribe = stream.subscribe(() => alarm.ring());
  response.once("close", () => {
    closed = true;
    alarm.ring();
  });

  try {
    if (!closed) response.write(OPENING);
    while (!closed) {
      alarm.reset();
      const records = await stream.readRecords(cursor);
      if (closed) return;
      if (records.length > 0) {
        cursor = records.at(-1)!.seq + 1;
        const visible = records.filter((record) => !record.hidden);
        if (visible.length === 0) continue;
        lastRecordAt = Date.now();
        pingAt = lastRecordAt + heartbeatMs();
        const batch = JSON.stringify({ records: visible.map(toWire), tail: stream.position() });
        bytes += batch.length;
        const event = `id: ${visible[0]!.seq},${visible.at(-1)!.seq},${bytes}\nevent: batch\ndata: ${batch}\n\n`;
        if (!response.write(event)) await drained(response);
        continue;
      }
      const now = Date.now();
      const isCut = stream.cuts() !== cuts;
      if (settled || isCut || (idleTimeoutMs !== undefined && now - lastRecordAt >= idleTimeoutMs)) {
        response.end(DONE);
        return;
      }
      if (now >= pingAt) {
        pingAt = now + heartbeatMs();
        const ping = JSON.stringify({ timestamp: now, tail: stream.position() });
        if (!response.write(`event: ping\ndata: ${ping}\n\n`)) await drained(response);
        continue;
      }
      const untilTimeout = idleTimeoutMs === undefined ? Infinity : lastRecordAt + idleTimeoutMs - now;
      await alarm.wait(Math.min(pingAt - now, untilTimeout));
    }
  } finally {
    unsubscribe();
  }
}

function toWire(record: StreamRecord) {
  return {
    seq_num: record.seq,
    timestamp: record.timestamp,
    body: isCommand(record) ? "" : record.body,
    ...(record.headers.length > 0 ? { headers: record.headers } : {}),
  };
}

/** Remembers a ring that comes while nobody waits, so that a record stored between a read and a wait is sent at once. */
function createAlarm() {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    reset() {
      rung = false;
    },
    ring() {
      rung = true;
      wake?.();
    },
    wait(ms: number): Promise<void> {
      if (rung) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(done, Math.max(0, ms));
        wake = done;
        function done() {
          clearTimeout(timer);
          wake = undefined;
          resolve();
        }
      });
    },
  };
}
