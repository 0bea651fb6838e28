/**
 * What `/inspect` of the app shows: sessions with their runs, and the records of one as they come. For the holder of
 * the secret key alone, who has checked that the person may see it.
 */
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Attempts, LiveRun } from "../runs/attempts";
import type { Database } from "../database";
import { type EngineRequest, HttpError, json, type Reply, type Route, route } from "../http/route";
import type { StreamRecord } from "../streams/records";
import type {
  InspectedEvent,
  InspectedRecord,
  InspectedRun,
  InspectedSession,
  InspectedState,
} from "@/lib/inspected";
import { isLive, type Run, type Runs } from "../runs/runs";
import { type Session, type Sessions, streamName } from "../runs/sessions";
import type { Streams } from "../streams/streams";

type Options = {
  database: Database;
  sessions: Sessions;
  runs: Runs;
  streams: Streams;
  attempts: Attempts;
  /** The records of `.in` that no turn has answered. */
  pending(session: Session): Promise<StreamRecord[]>;
};

const SHOWN_RECORDS = 2_000;
const SHOWN_RUNS = 50;
/** A person looks: that needs no alarm clock, and it puts the pieces of an answer into one line of the watch. */
const GLANCE_MS = 100;
const GLANCES_PER_SNAPSHOT = 4;
const GLANCES_PER_SIGN_OF_LIFE = 100;

export function inspectRoutes(options: Options): Route[] {
  const { database, sessions, runs, streams, attempts } = options;
  return [
    route("GET /inspect/sessions", list),
    route("GET /inspect/sessions/:session/watch", watch),
    route("POST /inspect/sessions/:session/crash", crash),
  ];

  /** Newest activity first; `externalIds` limits it to those of one owner. */
  async function list(request: EngineRequest): Promise<Reply> {
    const wanted = request.query.get("externalIds");
    const found = await overview({ externalIds: wanted === null ? null : wanted.split(",") });
    return json(200, { sessions: found });
  }

  async function watch(request: EngineRequest): Promise<Reply> {
    const session = await sessions.get(request.params["session"]!);
    const cursors = { in: request.query.get("in"), out: request.query.get("out") };
    return {
      status: 200,
      headers: { "content-type": "application/x-ndjson", "cache-control": "no-store, no-transform" },
      stream: (response) => send(response, session.id, cursors),
    };
  }

  /** `kill -9`, as the kernel would do it: nothing is told to the run, and everything after that is the engine's own way. */
  async function crash(request: EngineRequest): Promise<Reply> {
    const session = await sessions.get(request.params["session"]!);
    const live = attempts.find(session.currentRunId ?? "");
    if (!live?.worker) throw new HttpError(409, "No worker of this session is alive");
    const { run, attempt, worker } = live;
    const pid = worker.pid ?? null;
    await worker.kill();
    return json(200, { runId: run.id, attempt, pid });
  }

  async function send(
    response: ServerResponse,
    sessionId: string,
    from: Record<"in" | "out", string | null>,
  ): Promise<void> {
    let closed = response.destroyed;
    response.once("close", () => (closed = true));
    const readers = { in: await follow("in"), out: await follow("out") };
    let shown = "";
    for (let glance = 0; !closed; glance += 1) {
      const event: InspectedEvent = {};
      const [input, output] = [await readers.in(), await readers.out()];
      if (input.length > 0) event.in = input;
      if (output.length > 0) event.out = output;
      if (glance % GLANCES_PER_SNAPSHOT === 0) {
        const snapshot = await snapshotOf(sessionId);
        const text = JSON.stringify(snapshot);
        if (text !== shown) Object.assign(event, snapshot);
        shown = text;
      }
      const isNews = Object.keys(event).length > 0;
      if (isNews || glance % GLANCES_PER_SIGN_OF_LIFE === 0) {
        const hasRoom = response.write(`${JSON.stringify(event)}\n`);
        if (!hasRoom && !closed) await drained(response);
      }
      if (input.length === 0 && output.length === 0) await delay(GLANCE_MS);
    }

    async function follow(io: "in" | "out") {
      const stream = streams.get(streamName(sessionId, io));
      const { next } = await stream.tail();
      const cursor = from[io] === null ? Number.NaN : Number(from[io]);
      // A cursor beyond the tail is of another past (a restored backup).
      let at = cursor < next ? cursor + 1 : Math.max(0, next - SHOWN_RECORDS);
      return async () => {
        const records = await stream.read(at);
        at = (records.at(-1)?.seq ?? at - 1) + 1;
        return records.map(shownRecord);
      };
    }
  }

  async function snapshotOf(sessionId: string): Promise<InspectedEvent> {
    const session = await sessions.get(sessionId);
    const [[inspected], found, unanswered] = await Promise.all([
      overview({ id: sessionId }),
      runs.list({ sessionId }, SHOWN_RUNS),
      options.pending(session),
    ]);
    const { closedReason } = session;
    return {
      ...(inspected && { session: { ...inspected, unanswered: unanswered.length, closedReason } }),
      runs: found.map((run) => shownRun(run, attempts.find(run.id))),
    };
  }

  async function overview(filter: {
    id?: string;
    externalIds?: string[] | null;
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
    error: isLive(run) ? null : (run.error?.message ?? run.error?.code ?? null),
    createdAt: run.createdAt.toISOString(),
    startedAt: run.startedAt?.toISOString() ?? null,
    finishedAt: run.finishedAt?.toISOString() ?? null,
  };
}

function shownRecord({ seq, timestamp, body, headers, hidden }: StreamRecord): InspectedRecord {
  return { seq, timestamp, body, headers, hidden };
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
}
