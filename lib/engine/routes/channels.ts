/** The two streams of a session, and its side channels: initialise, append, read, follow. */
import { randomUUID } from "node:crypto";
import type { Attempts } from "../runs/attempts";
import type { Auth } from "../http/auth";
import { requireShallow } from "../http/body";
import { requireChatInput } from "./chat-input";
import { type Continuations, endsTurn } from "../runs/continuations";
import { type EngineRequest, HttpError, json, type Reply, type Route, route } from "../http/route";
import type { Behavior } from "../mode";
import type { OpenStreams } from "../http/open-streams";
import {
  controlOf,
  inputBody,
  isCommand,
  parseBody,
  parseInput,
  type StreamRecord,
} from "../streams/records";
import { S2_BASIN, S2_PATH } from "./s2";
import { authorizeSession, isOpen, type Session, type Sessions, streamName } from "../runs/sessions";
import { readOptions, readReply, startOf } from "../http/sse";
import type { SideChannels } from "../streams/side-channels";
import type { Stream, Streams } from "../streams/streams";
import type { Waitpoints } from "../runs/waitpoints";
import type { Watchdog } from "../runs/watchdog";

type Options = {
  auth: Auth;
  sessions: Sessions;
  streams: Streams;
  continuations: Continuations;
  attempts: Attempts;
  waitpoints: Waitpoints;
  watchdog: Watchdog | undefined;
  sideChannels: SideChannels;
  openStreams: OpenStreams;
  engineUrl: () => string;
  flushIntervalMs: number;
  behavior: Behavior;
};

type Channel = { session: Session; io: "in" | "out"; name: string; reserved: boolean };

const APPEND_LIMIT = 1024 * 1024;
const CHANNEL = /^[A-Za-z0-9._-]{1,128}$/;

export function channelRoutes(options: Options): Route[] {
  const { auth, sessions, streams, continuations, attempts, waitpoints, watchdog, behavior, openStreams } =
    options;
  const base = "realtime/v1/sessions/:session";
  // A browser reads what the agent says and appends what its person says. The other two ways would let it forge
  // answers, and read what other pages wrote.
  return [base, `${base}/channels/:channel`].flatMap((channel) => [
    route(`PUT /${channel}/:io`, initialise),
    route(`GET /${channel}/out`, as("out", follow), { access: "token" }),
    route(`GET /${channel}/in`, as("in", follow)),
    route(`POST /${channel}/in/append`, as("in", append), { shape: "append", access: "token" }),
    route(`POST /${channel}/out/append`, as("out", append), { shape: "append" }),
    route(`GET /${channel}/out/records`, as("out", records), { access: "token" }),
    route(`GET /${channel}/in/records`, as("in", records)),
  ]);

  function as(io: "in" | "out", handler: (request: EngineRequest) => Promise<Reply>): Route["handler"] {
    return (request) => handler({ ...request, params: { ...request.params, io } });
  }

  /** Hands out what a writer needs to append over S2. */
  async function initialise(request: EngineRequest): Promise<Reply> {
    const { name } = await channelOf(request);
    requireLive(request);
    return json(
      202,
      { version: "v2" },
      {
        "x-s2-access-token": auth.signStreamToken(name, request.caller),
        "x-s2-basin": S2_BASIN,
        "x-s2-stream-name": name,
        "x-s2-endpoint": `${options.engineUrl()}${S2_PATH}`,
        "x-s2-flush-interval-ms": String(options.flushIntervalMs),
        "x-s2-max-retries": "10",
      },
    );
  }

  async function append(request: EngineRequest): Promise<Reply> {
    const channel = await channelOf(request);
    if (channel.io === "out") requireLive(request);
    const text = await readText(request, channel);
    const header = request.headers["x-part-id"];
    const partId = typeof header === "string" && header.length <= 256 ? header : randomUUID();
    const body = inputBody(text, partId);
    if (Buffer.byteLength(body) > APPEND_LIMIT) {
      throw new HttpError(413, "The record would be larger than 1 MiB once it is wrapped");
    }

    const appended = await continuations.withSession(channel.session.id, async (session) => {
      requireAppendable(session, behavior.closedAppendStatus);
      if (!channel.reserved && request.identity.kind === "public")
        await options.sideChannels.requireRoom(channel.name, Buffer.byteLength(body));
      const result = await streams.get(channel.name).append({ records: [{ body }], partId });
      // After the append: a run that starts now finds the record, and one that is just leaving is noticed at its end.
      if (channel.io === "in" && channel.reserved) {
        const { runId } = await continuations.ensureRun(session, "continuation");
        attempts.touch(runId);
      }
      return result;
    });
    await waitpoints.completeForStream(channel.name, text);
    if (channel.io === "in" && channel.reserved && parseInput({ body }).kind === "stop") {
      await watchdog?.onStop(await sessions.get(channel.session.id));
    }
    const { start, duplicate } = appended;
    return json(200, { ok: true, ...(duplicate && !behavior.repeatsSeq ? {} : { seq: start.seq_num }) });
  }

  async function follow(request: EngineRequest): Promise<Reply> {
    const channel = await channelOf(request);
    const stream = streams.get(channel.name);
    const { headers, identity } = request;
    const peek = channel.io === "out" && headers["x-peek-settled"] === "1";
    // A worker's own `.in` needs no window: when it closes, the SDK spends a second or two reconnecting.
    const endless = channel.io === "in" && identity.kind === "secret";
    if (endless && channel.reserved && request.caller) watchdog?.onReading(request.caller);
    const reply = readReply(stream, {
      ...(await readOptions(stream, headers)),
      ...(endless ? { idleTimeoutMs: undefined } : {}),
      settled: peek && (await isSettled(channel, stream)),
      heartbeatMs: behavior.heartbeatMs,
    });
    const release = openStreams.take(request, channel.session);
    return { ...reply, stream: (response) => reply.stream!(response).finally(release) };
  }

  async function records(request: EngineRequest): Promise<Reply> {
    const channel = await channelOf(request);
    const stream = streams.get(channel.name);
    const from = await startOf(stream, request.query.get("afterEventId") ?? undefined, false);
    // Who keeps the transcript may want to know what was given up; to a run it is gone.
    const isKeeper = request.query.get("hidden") === "true" && request.identity.kind === "secret";
    const found = (await stream.readAll(from)).filter(
      (record) => (isKeeper || !record.hidden) && !isCommand(record),
    );
    return json(200, { records: found.map(toDrained) });
  }

  /** A message that no turn has answered keeps the stream open: its answer is about to be written. */
  async function isSettled(channel: Channel, stream: Stream): Promise<boolean> {
    const newest = await stream.newest();
    if (!endsTurn(newest)) return false;
    if (!channel.reserved || controlOf(newest!) === "session-closed") return true;
    const run = attempts.find(channel.session.currentRunId ?? "");
    if (!run || run.status === "WAITING") return true;
    return (await continuations.pending(channel.session)).length === 0;
  }

  /** Authorizes before it says whether the session exists. */
  async function channelOf(request: EngineRequest): Promise<Channel> {
    const { session: key = "", io, channel } = request.params;
    if (io !== "in" && io !== "out")
      throw new HttpError(404, `There is no ${request.method} ${request.path}`);
    if (channel !== undefined && !CHANNEL.test(channel)) {
      throw new HttpError(400, "A channel name has 1 to 128 letters, digits, dots, dashes and underscores");
    }
    const scope = io === "in" ? "write:sessions" : "read:sessions";
    const session = authorizeSession(request.identity, scope, key, await sessions.find(key));
    const name = streamName(session.id, io, channel);
    if (channel !== undefined && request.identity.kind === "public")
      await options.sideChannels.requirePlace(session.id, name);
    return { session, io, name, reserved: channel === undefined };
  }

  function requireLive(request: EngineRequest): void {
    if (!request.caller || attempts.mayWrite(request.caller)) return;
    throw new HttpError(409, "This run has ended and must not write any more", { code: "run_ended" });
  }
}

function requireAppendable(session: Session, closedStatus: Behavior["closedAppendStatus"]): void {
  if (session.revokedAt !== null) throw new HttpError(404, "Session not found");
  if (session.closedAt !== null) {
    // The client knows a closed session by 409 and this code; with 400 it gets the sentence alone.
    const body =
      closedStatus === 409
        ? { code: "session_closed", details: { closedReason: session.closedReason } }
        : undefined;
    throw new HttpError(closedStatus, "Cannot append to a closed session", body);
  }
  if (!isOpen(session))
    throw new HttpError(400, "Cannot append to an expired session", { code: "session_expired" });
}

async function readText(request: EngineRequest, channel: Channel): Promise<string> {
  const bytes = await request.body(APPEND_LIMIT);
  if (bytes.length === 0) throw new HttpError(400, "The body is empty");
  if (bytes.includes(0)) throw new HttpError(400, "The body contains a NUL byte; JSON-escape it as \\u0000");
  const text = bytes.toString("utf8");
  // Invalid UTF-8 would be stored as replacement characters and never be noticed.
  if (!Buffer.from(text).equals(bytes)) throw new HttpError(400, "The body is not valid UTF-8");
  requireShallow(text);
  if (channel.io === "in" && channel.reserved && channel.session.type === "chat.agent")
    requireChatInput(text);
  return text;
}

function toDrained(record: StreamRecord) {
  const { data, id } = parseBody(record.body);
  return { data, id, seqNum: record.seq, ...(record.headers.length > 0 ? { headers: record.headers } : {}) };
}
