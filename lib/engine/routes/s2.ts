/**
 * S2's append endpoint. The client gives up for good after almost any error, and a run whose writer has given up never
 * ends its turn. So an error that the client won't retry is reported through `onFatal`, and the run is replaced.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { z } from "zod";
import type { Auth } from "../http/auth";
import type { Caller } from "../http/caller";
import { HttpError, s2ErrorBody } from "../http/errors";
import { Text } from "../http/input";
import { json, type Reply } from "../http/reply";
import { type EngineRequest, type Route, route } from "../http/route";
import type { Log } from "../log";
import {
  type AppendInput,
  createFrameReader,
  decodeAppendInput,
  decodeJsonInput,
  encodeAck,
  encodeFrame,
  encodeTerminal,
  jsonAck,
} from "../streams/s2-codec";
import type { Append, Appended } from "../streams/append-queue";
import type { Streams } from "../streams/streams";

const BASE_PATH = "/s2/v1";
const BASIN = "local-engine";

/** The client resends a batch 5 s after it sent it, answered or not, so the engine answers before that. */
const APPEND_DEADLINE_MS = 4_000;
const RETRYABLE = new Set([408, 429, 500, 502, 503, 504]);
const CLIENT_ATTEMPTS = 3;

export type S2 = ReturnType<typeof createS2>;

type S2Options = {
  streams: Streams;
  auth: Auth;
  engineUrl: () => string;
  /** How long a writer may collect chunks before it sends them. */
  flushIntervalMs: number;
  /** False for an attempt that has ended: it must not write any more. */
  mayWrite: (caller: Caller) => boolean;
  onAppended: (caller: Caller) => void;
  onFatal: (caller: Caller, reason: string, status: number) => void;
  log: Log;
};

const Tail = {
  params: z.object({ name: Text }),
  headers: z.object({ authorization: z.string().optional() }),
  access: "open",
  shape: "s2",
} as const;
const AppendUnary = {
  ...Tail,
  headers: z.object({ authorization: z.string().optional(), "content-type": z.string().default("") }),
  body: "raw",
  // JSON escaping can double a record of 1 MiB.
  limit: 8 * 1024 * 1024,
} as const;

export function createS2(options: S2Options) {
  const { streams, auth, mayWrite, onAppended, onFatal, log } = options;
  const failuresInARow = new Map<string, number>();
  const routes: Route[] = [
    route(`POST ${BASE_PATH}/streams/:name/records`, AppendUnary, appendUnary),
    route(`GET ${BASE_PATH}/streams/:name/records/tail`, Tail, tail),
  ];
  return { routes, writeAccess, appendSession };

  /** The answer that gives a writer its access to one stream. */
  function writeAccess(name: string, caller: Caller | undefined, more: Record<string, string> = {}): Reply {
    const headers = {
      "x-s2-access-token": auth.signStreamToken(name, caller),
      "x-s2-basin": BASIN,
      "x-s2-stream-name": name,
      "x-s2-endpoint": `${options.engineUrl()}${BASE_PATH}`,
      "x-s2-flush-interval-ms": String(options.flushIntervalMs),
      ...more,
    };
    return json(202, { version: "v2" }, headers);
  }

  async function appendUnary({ params, headers, bytes }: EngineRequest<typeof AppendUnary>): Promise<Reply> {
    const { name } = params;
    const caller = authorize(headers.authorization, name);
    let trims = false;
    try {
      const body = await bytes();
      const protobuf = headers["content-type"].includes("protobuf");
      const input = protobuf ? decodeAppendInput(body) : decodeJsonInput(body);
      trims = input.records.every((record) => record.command);
      const appended = await append(name, input, caller);
      if (!protobuf) return json(200, jsonAck(appended));
      return { status: 200, headers: { "content-type": "application/protobuf" }, body: encodeAck(appended) };
    } catch (error) {
      // A failed trim only leaves old records in place, and the SDK ignores it.
      if (!trims) noteFailure(caller, toHttpError(error));
      throw error;
    }
  }

  async function tail({ params, headers }: EngineRequest<typeof Tail>): Promise<Reply> {
    authorize(headers.authorization, params.name);
    const stream = streams.get(params.name);
    await stream.tail();
    return json(200, { tail: stream.position() });
  }

  /** Serves a streaming append over HTTP/2: each frame gets one acknowledgement, in the order of the frames. */
  function appendSession(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on("error", () => {}); // A vanished peer: the "close" that follows ends the session.
    const path = /^\/s2\/v1\/streams\/([^/?]+)\/records$/.exec(String(headers[":path"]));
    let name: string;
    let caller: Caller | undefined;
    try {
      if (!path || headers[":method"] !== "POST")
        throw new HttpError(404, "No such S2 endpoint", { code: "not_found" });
      name = decodeName(path[1]!);
      caller = authorize(headers.authorization, name);
    } catch (error) {
      // Before the first frame an error is an ordinary response. The request is drained so that the client reads it.
      const answer = toHttpError(error);
      stream.respond({ ":status": answer.status, "content-type": "application/json" });
      stream.end(JSON.stringify(s2ErrorBody(answer)));
      stream.resume();
      return;
    }
    stream.respond({ ":status": 200, "content-type": "s2s/proto" });

    const connection = { failed: false };
    const readFrames = createFrameReader();
    let acknowledged: Promise<void> = Promise.resolve();
    let over = false;
    /** Set at the first bad frame. Later frames are dropped, because they would be stored out of order. */
    let isRefused = false;

    stream.on("data", (chunk: Buffer) => {
      if (over || isRefused) return;
      try {
        for (const frame of readFrames(chunk)) {
          if (frame.terminal) return finish();
          const answer = append(name, decodeAppendInput(frame.body), caller, connection);
          acknowledged = acknowledged.then(() => acknowledge(answer));
        }
      } catch (error) {
        isRefused = true;
        acknowledged = acknowledged.then(() => refuse(error));
      }
    });
    stream.on("end", finish);
    stream.on("close", () => (over = true));

    async function acknowledge(answer: Promise<Appended>): Promise<void> {
      try {
        const appended = await answer;
        if (!over && !stream.destroyed) stream.write(encodeFrame(encodeAck(appended)));
      } catch (error) {
        refuse(error);
      }
    }

    function refuse(error: unknown): void {
      connection.failed = true;
      if (over) return;
      over = true;
      const answer = toHttpError(error);
      noteFailure(caller, answer);
      log("s2 append refused", {
        stream: name,
        run: caller?.runId,
        status: answer.status,
        reason: answer.message,
      });
      if (!stream.destroyed) stream.end(encodeTerminal(answer.status, s2ErrorBody(answer)));
    }

    /** Ends the response after the last acknowledgement: an earlier end would hang the client. */
    function finish(): void {
      acknowledged = acknowledged.then(() => {
        if (!over && !stream.destroyed) stream.end();
        over = true;
      });
    }
  }

  async function append(
    name: string,
    input: AppendInput,
    caller: Caller | undefined,
    connection?: { failed: boolean },
  ): Promise<Appended> {
    requireWriter(caller);
    const batch: Append = { records: input.records };
    if (input.matchSeq !== undefined) batch.matchSeq = input.matchSeq;
    if (input.fencingToken !== undefined) batch.fencingToken = input.fencingToken;
    if (connection) batch.connection = connection;
    const answer = streams.get(name).append(batch);
    // Only a streaming client resends a late batch; a unary append waits without a limit.
    const appended = connection ? await beforeDeadline(answer, connection) : await answer;
    if (caller) {
      failuresInARow.delete(caller.runId);
      onAppended(caller);
    }
    return appended;
  }

  function authorize(authorization: string | undefined, name: string): Caller | undefined {
    const caller = auth.verifyStreamToken(authorization, name);
    requireWriter(caller);
    return caller;
  }

  function requireWriter(caller: Caller | undefined): void {
    if (!caller || mayWrite(caller)) return;
    throw new HttpError(403, "This run has ended, so it can't write any more", { code: "permission_denied" });
  }

  function noteFailure(caller: Caller | undefined, error: HttpError): void {
    if (!caller || !mayWrite(caller)) return;
    const failures = (failuresInARow.get(caller.runId) ?? 0) + 1;
    if (RETRYABLE.has(error.status) && failures < CLIENT_ATTEMPTS) {
      failuresInARow.set(caller.runId, failures);
      return;
    }
    failuresInARow.delete(caller.runId);
    onFatal(caller, `append answered ${error.status}: ${error.message}`, error.status);
  }
}

async function beforeDeadline(answer: Promise<Appended>, connection: { failed: boolean }): Promise<Appended> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      connection.failed = true;
      reject(new HttpError(503, "The database did not answer in time", { code: "unavailable" }));
    }, APPEND_DEADLINE_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function decodeName(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(400, "The stream name is not valid percent-encoding", { code: "invalid" });
  }
}

function toHttpError(error: unknown): HttpError {
  return error instanceof HttpError
    ? error
    : new HttpError(500, (error as Error).message, { code: "internal" });
}
