/** `streams.pipe`, `streams.append` and `streams.input` of plain tasks: streams that belong to a run, not a session. */
import { z } from "zod";
import { type Auth, requireOwn } from "../http/auth";
import type { Behavior } from "../mode";
import { parseTimeout } from "../duration";
import { type EngineRequest, HttpError, json, type Reply, type Route, route } from "../http/route";
import { randomBase62 } from "../ids";
import { dataBody, inputBody } from "../streams/records";
import { isLive, type Run, type Runs } from "../runs/runs";
import { S2_BASIN, S2_PATH } from "./s2";
import { readOptions, readReply } from "../http/sse";
import type { Stream, Streams } from "../streams/streams";
import type { Waitpoints } from "../runs/waitpoints";

type Options = {
  auth: Auth;
  runs: Runs;
  streams: Streams;
  waitpoints: Waitpoints;
  engineUrl: () => string;
  flushIntervalMs: number;
  behavior: Behavior;
};

const SendBody = z.object({ data: z.json() });
const WaitBody = z.looseObject({
  streamId: z.string().min(1).max(256),
  timeout: z.string().optional(),
  lastSeqNum: z.number().int().optional(),
});

export function runStreamRoutes(options: Options): Route[] {
  const { auth, runs, streams, waitpoints, engineUrl, flushIntervalMs } = options;
  const { heartbeatMs } = options.behavior;
  const base = "/realtime/v1/streams/:run";
  return [
    route(`PUT ${base}/:target/:stream`, initialise),
    route(`POST ${base}/:target/:stream/append`, append, { shape: "append" }),
    route(`POST ${base}/input/*input`, send, { shape: "append" }),
    route(`GET ${base}/input/*input`, followInput),
    route(`GET ${base}/:stream`, follow, { access: "token" }),
    route("POST /api/v1/runs/:run/input-streams/wait", waitForInput),
  ];

  async function initialise(request: EngineRequest): Promise<Reply> {
    const name = nameOf(await targetOf(request), request.params["stream"]!);
    return json(
      202,
      { version: "v2" },
      {
        "x-s2-access-token": auth.signStreamToken(name, request.caller),
        "x-s2-basin": S2_BASIN,
        "x-s2-stream-name": name,
        "x-s2-endpoint": `${engineUrl()}${S2_PATH}`,
        "x-s2-flush-interval-ms": String(flushIntervalMs),
      },
    );
  }

  async function append(request: EngineRequest): Promise<Reply> {
    const name = nameOf(await targetOf(request), request.params["stream"]!);
    const body = dataBody((await request.body()).toString("utf8"), randomBase62(7));
    await streams.get(name).append({ records: [{ body }] });
    return json(200, { ok: true });
  }

  async function follow(request: EngineRequest): Promise<Reply> {
    requireOwn(request.identity, "read:runs", request.params["run"]!);
    const run = await runs.get(request.params["run"]!);
    const stream = streams.get(nameOf(run, request.params["stream"]!));
    // Nobody but the run writes there: once it has ended, what is there is all there will be.
    return readRunStream(stream, run, request);
  }

  /** To a run from outside. What the sender gives is what the run gets, without a wrapper. */
  async function send(request: EngineRequest): Promise<Reply> {
    const run = await runs.get(request.params["run"]!);
    const data = JSON.stringify((await request.json(SendBody)).data);
    if (!isLive(run)) throw new HttpError(400, "The run has ended and reads no input any more");
    const name = inputName(run, request.params["input"]!);
    await streams.get(name).append({ records: [{ body: inputBody(data, `inp_${randomBase62(12)}`) }] });
    await waitpoints.completeForStream(name, data);
    return json(200, { ok: true });
  }

  async function followInput(request: EngineRequest): Promise<Reply> {
    const run = await runs.get(request.params["run"]!);
    const stream = streams.get(inputName(run, request.params["input"]!));
    return readRunStream(stream, run, request);
  }

  async function readRunStream(stream: Stream, run: Run, request: EngineRequest): Promise<Reply> {
    const reading = await readOptions(stream, request.headers);
    return readReply(stream, { ...reading, settled: !isLive(run), heartbeatMs });
  }

  async function waitForInput(request: EngineRequest): Promise<Reply> {
    const { streamId, timeout, lastSeqNum } = await request.json(WaitBody);
    const run = await runs.get(request.params["run"]!);
    const timeoutMs = timeout === undefined ? undefined : parseTimeout(timeout);
    const waitpoint = await waitpoints.onStream(run.id, inputName(run, streamId), timeoutMs, lastSeqNum);
    return json(200, { waitpointId: waitpoint.id, isCached: false });
  }

  async function targetOf(request: EngineRequest): Promise<Run> {
    let run = await runs.get(request.params["run"]!);
    const target = request.params["target"];
    if (target !== "self" && target !== "parent" && target !== "root")
      throw new HttpError(404, `There is no stream target ${JSON.stringify(target?.slice(0, 80))}`);
    if (target === "self" || run.parentId === null) return run;
    do run = await runs.get(run.parentId!);
    while (target === "root" && run.parentId !== null);
    return run;
  }
}

function inputName(run: Run, stream: string): string {
  return nameOf(run, `input/${stream}`);
}

function nameOf(run: Run, stream: string): string {
  // Header values are ASCII; a stream's name is whatever its author likes, half a surrogate pair included.
  return `runs/${run.id}/${encodeURIComponent(Buffer.from(stream).toString())}`;
}
