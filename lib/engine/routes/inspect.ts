/**
 * The routes behind the app's `/inspect` page: sessions with their runs, and a live view of one session's records. They
 * need the secret key, because the app checks which person may see which session.
 */
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Attempts } from "../runs/attempts";
import type { LiveRun } from "../runs/live-run";
import type { Database } from "../database";
import { HttpError } from "../http/errors";
import { Text } from "../http/input";
import { drained, json, type Reply } from "../http/reply";
import { type EngineRequest, type Route, route } from "../http/route";
import type { StreamRecord } from "../streams/records";
import type {
  InspectedEvent,
  InspectedRecord,
  InspectedRun,
  InspectedSession,
  InspectedState,
} from "@/lib/inspected";
import { isLive, type Run, type Runs } from "../runs/runs";
import { type Session, streamName } from "../runs/session";
import type { Schedules } from "../runs/schedules";
import type { Sessions } from "../runs/sessions";
import type { Streams } from "../streams/streams";

type Options = {
  database: Database;
  sessions: Sessions;
  runs: Runs;
  streams: Streams;
  attempts: Attempts;
  schedules: Schedules;
  /** Returns the records of `.in` that no turn has answered. */
  pending(session: Session): Promise<StreamRecord[]>;
};

const SHOWN_RECORDS = 2_000;
const SHOWN_RUNS = 50;
/** A slow poll is enough for a person, and it collects several chunks of an answer into one event. */
const POLL_MS = 100;
const POLLS_PER_SNAPSHOT = 4;
const POLLS_PER_HEARTBEAT = 100;

const OneSession = z.object({ session: Text });
/** The number of the last record that the page has, or -1 before the first. */
const cursor = z.coerce.number().int().min(-1).optional();

const List = { query: z.object({ externalIds: Text.transform((ids) => ids.split(",")).optional() }) };
const Watch = { params: OneSession, query: z.object({ in: cursor, out: cursor }) };
const Crash = { params: OneSession, body: "none" } as const;

type Cursors = EngineRequest<typeof Watch>["query"];

export function inspectRoutes(options: Options): Route[] {
  const { database, sessions, runs, streams, attempts } = options;
  return [
    route("GET /inspect/sessions", List, list),
    route("GET /inspect/schedules", {}, async () => json(200, { schedules: await options.schedules.list() })),
    route("GET /inspect/sessions/:session/watch", Watch, watch),
    route("POST /inspect/sessions/:session/crash", Crash, crash),
  ];

  /** Lists sessions with the newest activity first; `externalIds` limits the list to those of one owner. */
  async function list({ query }: EngineRequest<typeof List>): Promise<Reply> {
    return json(200, { sessions: await overview({ externalIds: query.externalIds }) });
  }

  async function watch({ params, query: cursors }: EngineRequest<typeof Watch>): Promise<Reply> {
    const session = await sessions.get(params.session);
    return {
      status: 200,
      headers: { "content-type": "application/x-ndjson", "cache-control": "no-store, no-transform" },
      stream: (response) => send(response, session.id, cursors),
    };
  }

  /** Kills the worker as the kernel would (`kill -9`): no part of the engine is told, so it reacts as to a real crash. */
  async function crash({ params }: EngineRequest<typeof Crash>): Promise<Reply> {
    const session = await sessions.get(params.session);
    const live = attempts.find(session.currentRunId ?? "");
    if (!live?.worker) throw new HttpError(409, "No worker of this session is alive");
    const { run, attempt, worker } = live;
    const pid = worker.pid ?? null;
    await worker.kill();
    return json(200, { runId: run.id, attempt, pid });
  }

  async function send(response: ServerResponse, sessionId: string, cursors: Cursors): Promise<void> {
    let closed = response.destroyed;
    response.once("close", () => (closed = true));
    const nextRecords = { in: await readerOf("in"), out: await readerOf("out") };
    let shown = "";
    for (let poll = 0; !closed; poll += 1) {
      const event: InspectedEvent = {};
      const [input, output] = [await nextRecords.in(), await nextRecords.out()];
      if (input.length > 0) event.in = input;
      if (output.length > 0) event.out = output;
      if (poll % POLLS_PER_SNAPSHOT === 0) {
        const snapshot = await snapshotOf(sessionId);
        const text = JSON.stringify(snapshot);
        if (text !== shown) Object.assign(event, snapshot);
        shown = text;
      }
      const isNews = Object.keys(event).length > 0;
      if (isNews || poll % POLLS_PER_HEARTBEAT === 0) {
        const hasRoom = response.write(`${JSON.stringify(event)}\n`);
        if (!hasRoom && !closed) await drained(response);
      }
      if (input.length === 0 && output.length === 0) await delay(POLL_MS);
    }

    async function readerOf(io: "in" | "out") {
      const stream = streams.get(streamName(sessionId, io));
      const { next } = await stream.tail();
      const last = cursors[io];
      // A cursor beyond the tail comes from before a backup was restored.
      let at = last !== undefined && last < next ? last + 1 : Math.max(0, next - SHOWN_RECORDS);
      return async () => {
        const records = await stream.readRecords(at);
        at = (records.at(-1)?.seq ?? at - 1) + 1;
        return records.map(shownRecord);
      };
    }
  }

  async function snapshotOf(sessionId: string): Promise<InspectedEvent> {
    const session = await sessions.get(sessionId);
    const [[inspected], newestRuns, unanswered] = await Promise.all([
      overview({ id: sessionId }),
      runs.list({ sessionId }, SHOWN_RUNS),
      options.pending(session),
    ]);
    const { closedReason } = session;
    return {
      ...(inspected && { session: { ...inspected, unanswered: unanswered.length, closedReason } }),
      runs: newestRuns.map((run) => shownRun(run, attempts.find(run.id))),
    };
  }

  async function overview(filter: {
    id?: string;
    externalIds?: string[] | undefined;
  }): Promise<InspectedSession[]> {
    const found = await database.query<OverviewRow>(
      `select session.id, session.external_id, session.task, session.created_at, session.closed_at,
         run.id as run_id, run.status as run_status, coalesce(input.next_seq, 0) as input, coalesce(output.next_seq, 0) as output,
         coalesce(input.last_ts, 0) as input_ts, coalesce(output.last_ts, 0) as output_ts,
         (select count(*)::int from engine.runs other where other.session_id = session.id) as runs,
         exists (select from (select headers from engine.stream_records where stream_id = output.id
           order by seq desc limit 2) newest where newest.headers like '%turn-complete%') as settled
       from engine.sessions session
       left join engine.streams input on input.name = 'sessions/' || session.id || '/in'
       left join engine.streams output on output.name = 'sessions/' || session.id || '/out'
       left join engine.runs run on run.id = session.current_run_id
       where ($1::text is null or session.id = $1) and ($2::text[] is null or session.external_id = any($2))
       order by greatest(input.last_ts, output.last_ts, extract(epoch from session.created_at) * 1000) desc limit 100`,
      [filter.id ?? null, filter.externalIds ?? null],
    );
    return found.rows.map((row) => ({
      id: row.id,
      externalId: row.external_id,
      task: row.task,
      state: stateOf(row, attempts.find(row.run_id ?? "")),
      runs: row.runs,
      runStatus: row.run_status,
      records: { in: row.input, out: row.output },
      createdAt: row.created_at.toISOString(),
      activeAt: new Date(Math.max(row.input_ts, row.output_ts, row.created_at.getTime())).toISOString(),
    }));
  }
}

type OverviewRow = {
  id: string;
  external_id: string | null;
  task: string;
  created_at: Date;
  closed_at: Date | null;
  run_id: string | null;
  run_status: string | null;
  input: number;
  output: number;
  input_ts: number;
  output_ts: number;
  runs: number;
  settled: boolean;
};

function stateOf(row: OverviewRow, live: LiveRun | undefined): InspectedState {
  if (row.closed_at !== null) return "closed";
  if (!live) return "at-rest";
  if (live.status === "QUEUED") return "queued";
  if (live.status === "WAITING") return "parked";
  const isAnswered = row.settled && row.input_ts <= row.output_ts;
  return row.input > 0 && !isAnswered ? "answering" : "awake";
}

function shownRun(run: Run, live: LiveRun | undefined): InspectedRun {
  return {
    id: run.id,
    reason: run.reason,
    status: live?.status ?? run.status,
    attempt: live?.attempt ?? run.attempt,
    pid: live?.worker?.pid ?? null,
    version: run.version,
    machine: live?.machine ?? run.machine,
    outgrown: live?.outgrown ?? run.outgrown,
    error: isLive(run) ? null : (run.error?.message ?? run.error?.code ?? null),
    createdAt: run.createdAt.toISOString(),
    startedAt: run.startedAt?.toISOString() ?? null,
    finishedAt: run.finishedAt?.toISOString() ?? null,
  };
}

function shownRecord({ seq, timestamp, body, headers, hidden }: StreamRecord): InspectedRecord {
  return { seq, timestamp, body, headers, hidden };
}
