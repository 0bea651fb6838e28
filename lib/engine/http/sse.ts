/**
 * Server-sent events over a stream. A reader pulls: it holds a subscription only as an alarm clock and reads from
 * its own cursor, so nothing is missed or repeated between history and live, and a slow reader costs one batch.
 */
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { HttpError, type Reply } from "./route";
import { isCommand, type StreamRecord } from "../streams/records";
import type { Stream } from "../streams/streams";

export type ReadOptions = {
  /** The first record to send. */
  from: number;
  /** The stream ends after this long without a record; undefined: never. */
  idleTimeoutMs: number | undefined;
  /** Nothing more will come: send what there is, then end. */
  settled: boolean;
  /** Until the next sign of life of an idle stream. */
  heartbeatMs: () => number;
};

const DONE = "data: [DONE]\n\n";
/** A comment, which no reader sees: a proxy on the way may hold the headers back until something follows them. */
const OPENING = ": open\n\n";

export function readReply(stream: Stream, options: ReadOptions): Reply {
  return {
    status: 200,
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      // Without it the client parses an older format and sees nothing.
      "x-stream-version": "v2",
      ...(options.settled ? { "x-session-settled": "true" } : {}),
    },
    stream: (response) => send(response, stream, options),
  };
}

/** What a reader asks for in its headers. */
export async function readOptions(
  stream: Stream,
  headers: IncomingHttpHeaders,
): Promise<Pick<ReadOptions, "from" | "idleTimeoutMs">> {
  const seconds = headers["timeout-seconds"] === undefined ? 60 : Number(headers["timeout-seconds"]);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 600) {
    throw new HttpError(400, "Timeout-Seconds must be a whole number from 1 to 600");
  }
  const latest = headers["x-trigger-stream-start"] === "latest";
  return {
    from: await startOf(stream, headers["last-event-id"]?.toString(), latest),
    idleTimeoutMs: seconds * 1_000,
  };
}

/** A cursor beyond the tail comes from a newer past (a restored backup): such a reader starts over. */
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
      const records = await stream.read(cursor);
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

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
    if (response.destroyed) done();
  });
}

/** Remembers a ring that comes while nobody waits, so that a record between reading and waiting is not slept over. */
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
