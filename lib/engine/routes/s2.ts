/**
 * S2's append endpoint. The client gives up for good on almost any error, and a run whose writer has given up never
 * ends its turn: so an answer that the client will not retry is reported through `onFatal`, and the run is replaced.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Auth } from "../http/auth";
import {
  type Caller,
  type EngineRequest,
  HttpError,
  json,
  type Reply,
  type Route,
  route,
  s2ErrorBody,
} from "../http/route";
import type { Log } from "../log";
import {
  createFrameReader,
  decodeAppendInput,
  decodeJsonInput,
  encodeAck,
  encodeFrame,
  encodeTerminal,
  jsonAck,
  type AppendInput,
} from "../streams/s2-codec";
import type { Append, Appended, Streams } from "../streams/streams";

export const S2_PATH = "/s2/v1";
export const S2_BASIN = "local-engine";

/** The client resends a batch 5 s after it sent it, whether or not an answer is on its way: be sooner. */
const APPEND_DEADLINE_MS = 4_000;
/** JSON escaping can double a record of 1 MiB. */
const UNARY_BODY_LIMIT = 8 * 1024 * 1024;
const RETRYABLE = new Set([408, 429, 500, 502, 503, 504]);
const CLIENT_ATTEMPTS = 3;

type S2Options = {
  streams: Streams;
  auth: Auth;
  /** False for an attempt that has ended: it must not write any more. */
  mayWrite: (caller: Caller) => boolean;
  onAppended: (caller: Caller) => void;
  onFatal: (caller: Caller, reason: string, status: number) => void;
  log: Log;
};

export function createS2({ streams, auth, mayWrite, onAppended, onFatal, log }: S2Options) {
  const failuresInARow = new Map<string, number>();
  const routes: Route[] = [
    route(`POST ${S2_PATH}/streams/:name/records`, appendUnary, { shape: "s2", access: "open" }),
    route(`GET ${S2_PATH}/streams/:name/records/tail`, tail, { shape: "s2", access: "open" }),
  ];
  return { routes, appendSession };

  async function appendUnary(request: EngineRequest): Promise<Reply> {
    const name = request.params["name"]!;
    const caller = authorize(request.headers.authorization, name);
    const contentType = request.headers["content-type"] ?? "";
    let trims = false;
    try {
      const body = await request.body(UNARY_BODY_LIMIT);
      const protobuf = contentType.includes("protobuf");
      const input = protobuf ? decodeAppendInput(body) : decodeJsonInput(body);
      trims = input.records.every((record) => record.command);
      const appended = await append(name, input, caller);
      if (!protobuf) return json(200, jsonAck(appended));
      return { status: 200, headers: { "content-type": "application/protobuf" }, body: encodeAck(appended) };
    } catch (error) {
      // A failed trim only leaves old records in place; the SDK carries on.
      if (!trims) noteFailure(caller, toHttpError(error));
      throw error;
    }
  }

  async function tail(request: EngineRequest): Promise<Reply> {
    const name = request.params["name"]!;
    authorize(request.headers.authorization, name);
    const stream = streams.get(name);
    await stream.tail();
    return json(200, { tail: stream.position() });
  }

  /** A streaming append over HTTP/2: frames in, one acknowledgement per frame in the same order. */
  function appendSession(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on("error", () => {}); // The peer is gone; "close" ends the session.
    const path = /^\/s2\/v1\/streams\/([^/?]+)\/records$/.exec(String(headers[":path"]));
    let name: string;
    let caller: Caller | undefined;
    try {
      if (!path || headers[":method"] !== "POST")
        throw new HttpError(404, "No such S2 endpoint", { code: "not_found" });
      name = decodeName(path[1]!);
      caller = authorize(headers.authorization, name);
    } catch (error) {
      // Before the first frame an error is an ordinary answer: a body, in one piece, and the request drained.
      const answer = toHttpError(error);
      stream.respond({ ":status": answer.status, "content-type": "application/json" });
      stream.end(JSON.stringify(s2ErrorBody(answer)));
      stream.resume();
      return;
    }
    stream.respond({ ":status": 200, "content-type": "s2s/proto" });

    const lane = { failed: false };
    const readFrames = createFrameReader();
    let acknowledged: Promise<void> = Promise.resolve();
    let over = false;
    /** Set at the first bad frame: what follows it is dropped, or it would be stored out of order. */
    let deaf = false;

    stream.on("data", (chunk: Buffer) => {
      if (over || deaf) return;
      try {
        for (const frame of readFrames(chunk)) {
          if (frame.terminal) return finish();
          const answer = append(name, decodeAppendInput(frame.body), caller, lane);
          acknowledged = acknowledged.then(() => acknowledge(answer));
        }
      } catch (error) {
        deaf = true;
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
      lane.failed = true;
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

    /** The client has sent everything. A clean end before the last acknowledgement would hang it, so that comes first. */
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
    lane?: { failed: boolean },
  ): Promise<Appended> {
    if (caller && !mayWrite(caller)) {
      throw new HttpError(403, "This run has ended and must not write any more", {
        code: "permission_denied",
      });
    }
    const batch: Append = { records: input.records };
    if (input.matchSeq !== undefined) batch.matchSeq = input.matchSeq;
    if (input.fencingToken !== undefined) batch.fencingToken = input.fencingToken;
    if (lane) batch.lane = lane;
    const answer = streams.get(name).append(batch);
    // A unary append has no time limit at the client; only a session resends what is not acknowledged soon.
    const appended = lane ? await beforeDeadline(answer, lane) : await answer;
    if (caller) {
      failuresInARow.delete(caller.runId);
      onAppended(caller);
    }
    return appended;
  }

  function authorize(authorization: string | undefined, name: string): Caller | undefined {
    const caller = auth.verifyStreamToken(authorization, name);
    if (caller && !mayWrite(caller)) {
      throw new HttpError(403, "This run has ended and must not write any more", {
        code: "permission_denied",
      });
    }
    return caller;
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

async function beforeDeadline(answer: Promise<Appended>, lane: { failed: boolean }): Promise<Appended> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      lane.failed = true;
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
