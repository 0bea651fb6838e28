/** The routes of a session's two streams and of its side channels: get write access, append, read, follow. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { HttpError } from "../http/errors";
import { requireShallow, Text } from "../http/input";
import type { OpenStreams } from "../http/open-streams";
import { json, type Reply } from "../http/reply";
import { type EngineRequest, type Route, route } from "../http/route";
import { ReaderHeaders, readOptions, readReply, startOf } from "../http/sse";
import type { Behavior } from "../mode";
import type { Attempts } from "../runs/attempts";
import { type Continuations, endsTurn } from "../runs/continuations";
import { authorizeSession, isOpen, type Session, streamName } from "../runs/session";
import type { Sessions } from "../runs/sessions";
import type { Waitpoints } from "../runs/waitpoints";
import type { Watchdog } from "../runs/watchdog";
import {
  controlOf,
  inputBody,
  isCommand,
  parseBody,
  parseInput,
  type StreamRecord,
} from "../streams/records";
import type { SideChannels } from "../streams/side-channels";
import type { Stream, Streams } from "../streams/streams";
import { requireChatInput } from "./chat-input";
import { requireLiveCaller } from "./live-caller";
import type { S2 } from "./s2";

type Options = {
  sessions: Sessions;
  streams: Streams;
  continuations: Continuations;
  attempts: Attempts;
  waitpoints: Waitpoints;
  watchdog: Watchdog | undefined;
  sideChannels: SideChannels;
  openStreams: OpenStreams;
  s2: S2;
  behavior: Behavior;
};

type Io = "in" | "out";

type Channel = { session: Session; io: Io; name: string; reserved: boolean };

const APPEND_LIMIT = 1024 * 1024;

const params = z.object({
  session: Text,
  channel: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,128}$/, "must be 1 to 128 letters, digits, dots, dashes or underscores")
    .optional(),
});
const Open = { params, body: "none" } as const;
const Append = {
  params,
  // A part id is the client's own; one that can't be stored is replaced, because the record itself is good.
  headers: z.object({ "x-part-id": z.string().max(256).optional().catch(undefined) }),
  body: "raw",
  limit: APPEND_LIMIT,
  shape: "append",
} as const;
const Follow = { params, headers: ReaderHeaders };
const Records = {
  params,
  query: z.object({ afterEventId: z.string().optional(), hidden: z.enum(["true", "false"]).optional() }),
};

export function channelRoutes(options: Options): Route[] {
  const { sessions, streams, continuations, attempts, waitpoints, watchdog, behavior } = options;
  const base = "realtime/v1/sessions/:session";
  // A browser reads the agent's output and appends its own input. The reverse would let it forge answers, or read what
  // other pages wrote.
  return [base, `${base}/channels/:channel`].flatMap((channel) => [
    route(`PUT /${channel}/in`, Open, (request) => open(request, "in")),
    route(`PUT /${channel}/out`, Open, (request) => open(request, "out")),
    route(`GET /${channel}/out`, { ...Follow, access: "token" }, (request) => follow(request, "out")),
    route(`GET /${channel}/in`, Follow, (request) => follow(request, "in")),
    route(`POST /${channel}/in/append`, { ...Append, access: "token" }, (request) => append(request, "in")),
    route(`POST /${channel}/out/append`, Append, (request) => append(request, "out")),
    route(`GET /${channel}/out/records`, { ...Records, access: "token" }, (request) =>
      records(request, "out"),
    ),
    route(`GET /${channel}/in/records`, Records, (request) => records(request, "in")),
  ]);

  async function open(request: EngineRequest<typeof Open>, io: Io): Promise<Reply> {
    const { name } = await authorizeChannel(request, io);
    requireLiveCaller(attempts, request.caller);
    return options.s2.writeAccess(name, request.caller, { "x-s2-max-retries": "10" });
  }

  async function append(request: EngineRequest<typeof Append>, io: Io): Promise<Reply> {
    const channel = await authorizeChannel(request, io);
    if (io === "out") requireLiveCaller(attempts, request.caller);
    const text = textOf(await request.bytes());
    const isChatInput = io === "in" && channel.reserved;
    if (isChatInput && channel.session.type === "chat.agent") requireChatInput(text);
    const partId = request.headers["x-part-id"] ?? randomUUID();
    const body = inputBody(text, partId);
    if (Buffer.byteLength(body) > APPEND_LIMIT) {
      throw new HttpError(413, "The record would be larger than 1 MiB once it is wrapped");
    }

    const appended = await continuations.withSession(channel.session.id, async (session) => {
      requireAppendable(session, behavior.closedAppendStatus);
      if (!channel.reserved && request.identity.kind === "public")
        await options.sideChannels.requireSpace(channel.name, Buffer.byteLength(body));
      const result = await streams.get(channel.name).append({ records: [{ body }], partId });
      // After the append, so that a new run finds the record, and the end of a leaving run finds it too.
      if (isChatInput) {
        const { runId } = await continuations.ensureRun(session, "continuation");
        attempts.touch(runId);
      }
      return result;
    });
    await waitpoints.completeForStream(channel.name, text);
    if (isChatInput && parseInput({ body }).kind === "stop") {
      await watchdog?.onStop(await sessions.get(channel.session.id));
    }
    const { start, duplicate } = appended;
    return json(200, { ok: true, ...(duplicate && !behavior.repeatsSeq ? {} : { seq: start.seq_num }) });
  }

  async function follow(request: EngineRequest<typeof Follow>, io: Io): Promise<Reply> {
    const channel = await authorizeChannel(request, io);
    const stream = streams.get(channel.name);
    const { headers, identity } = request;
    const peek = io === "out" && headers["x-peek-settled"] === "1";
    // A worker's own `.in` never times out: each time it ends, the SDK takes a second or two to reconnect.
    const endless = io === "in" && identity.kind === "secret";
    if (endless && channel.reserved && request.caller) watchdog?.onReading(request.caller);
    const reply = readReply(stream, {
      ...(await readOptions(stream, headers)),
      ...(endless ? { idleTimeoutMs: undefined } : {}),
      settled: peek && (await isSettled(channel, stream)),
      heartbeatMs: behavior.heartbeatMs,
    });
    // The app puts the client's address first, and its own proxies behind it.
    const address = headers["x-forwarded-for"]?.split(",")[0]?.trim();
    const release = options.openStreams.take({ identity, address }, channel.session);
    return { ...reply, stream: (response) => reply.stream!(response).finally(release) };
  }

  async function records(request: EngineRequest<typeof Records>, io: Io): Promise<Reply> {
    const { query, identity } = request;
    const channel = await authorizeChannel(request, io);
    const stream = streams.get(channel.name);
    const from = await startOf(stream, query.afterEventId, false);
    // The app keeps the transcript and may ask for quarantined records too; runs and browsers never see them.
    const withHidden = query.hidden === "true" && identity.kind === "secret";
    const shown = (await stream.readAll(from)).filter(
      (record) => (withHidden || !record.hidden) && !isCommand(record),
    );
    return json(200, { records: shown.map(toDrained) });
  }

  /** An unanswered message keeps the stream open, because its answer is about to be written. */
  async function isSettled(channel: Channel, stream: Stream): Promise<boolean> {
    const newest = await stream.newest();
    if (!endsTurn(newest)) return false;
    if (!channel.reserved || controlOf(newest!) === "session-closed") return true;
    const run = attempts.find(channel.session.currentRunId ?? "");
    if (!run || run.status === "WAITING") return true;
    return (await continuations.pending(channel.session)).length === 0;
  }

  /** Checks the token before the session's existence, so that a refusal doesn't reveal whether a chat exists. */
  async function authorizeChannel(
    request: Pick<EngineRequest<typeof Open>, "params" | "identity">,
    io: Io,
  ): Promise<Channel> {
    const { session: key, channel } = request.params;
    const scope = io === "in" ? "write:sessions" : "read:sessions";
    const side = channel === undefined ? undefined : { name: channel, io };
    const session = authorizeSession(request.identity, scope, key, await sessions.find(key), side);
    const name = streamName(session.id, io, channel);
    if (channel !== undefined && request.identity.kind === "public")
      await options.sideChannels.requirePlace(session.id, name);
    return { session, io, name, reserved: channel === undefined };
  }
}

function requireAppendable(session: Session, closedStatus: Behavior["closedAppendStatus"]): void {
  if (session.revokedAt !== null) throw new HttpError(404, "Session not found");
  if (session.closedAt !== null) {
    // The client recognizes a closed session by 409 and this code; with 400 it gets the message alone.
    const body =
      closedStatus === 409
        ? { code: "session_closed", details: { closedReason: session.closedReason } }
        : undefined;
    throw new HttpError(closedStatus, "Cannot append to a closed session", body);
  }
  if (!isOpen(session))
    throw new HttpError(400, "Cannot append to an expired session", { code: "session_expired" });
}

function textOf(bytes: Buffer): string {
  if (bytes.length === 0) throw new HttpError(400, "Invalid body: it is empty");
  if (bytes.includes(0)) throw new HttpError(400, "Invalid body: a NUL byte must be JSON-escaped as \\u0000");
  const text = bytes.toString("utf8");
  // Decoding replaces invalid UTF-8 silently, so the text is compared with the bytes before it is stored.
  if (!Buffer.from(text).equals(bytes)) throw new HttpError(400, "Invalid body: not valid UTF-8");
  requireShallow(text);
  return text;
}

function toDrained(record: StreamRecord) {
  const { data, id } = parseBody(record.body);
  return { data, id, seqNum: record.seq, ...(record.headers.length > 0 ? { headers: record.headers } : {}) };
}
