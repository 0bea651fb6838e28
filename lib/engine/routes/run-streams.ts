/** `streams.pipe`, `streams.append` and `streams.input` of plain tasks: streams that belong to a run, not a session. */
import { z } from "zod";
import { parseTimeout, Timeout } from "../duration";
import { requireOwn } from "../http/auth";
import { HttpError } from "../http/errors";
import { Text } from "../http/input";
import { json, type Reply } from "../http/reply";
import { type EngineRequest, type Route, route } from "../http/route";
import { ReaderHeaders, readOptions, readReply } from "../http/sse";
import { randomBase62 } from "../ids";
import type { Behavior } from "../mode";
import { isLive, type Run, type Runs } from "../runs/runs";
import type { Waitpoints } from "../runs/waitpoints";
import { dataBody, inputBody } from "../streams/records";
import type { Stream, Streams } from "../streams/streams";
import type { S2 } from "./s2";

type Options = { runs: Runs; streams: Streams; waitpoints: Waitpoints; s2: S2; behavior: Behavior };

/** Which run owns a stream, as seen from the run that names it. */
const TARGETS = ["self", "parent", "root"] as const;

type Target = (typeof TARGETS)[number];

const RunStream = z.object({ run: Text, stream: z.string() });
const RunInput = z.object({ run: Text, input: z.string() });

const Open = { params: RunStream, body: "none" } as const;
const Append = { params: RunStream, body: "raw", shape: "append" } as const;
const Follow = { params: RunStream, headers: ReaderHeaders, access: "token" } as const;
const Send = { params: RunInput, body: z.object({ data: z.json() }), shape: "append" } as const;
const FollowInput = { params: RunInput, headers: ReaderHeaders };
const Wait = {
  params: z.object({ run: Text }),
  body: z.looseObject({
    streamId: z.string().min(1).max(256),
    timeout: Timeout.optional(),
    lastSeqNum: z.number().int().optional(),
  }),
};

export function runStreamRoutes({ runs, streams, waitpoints, s2, behavior }: Options): Route[] {
  const base = "/realtime/v1/streams/:run";
  return [
    ...TARGETS.flatMap((target) => [
      route(`PUT ${base}/${target}/:stream`, Open, (request) => open(request, target)),
      route(`POST ${base}/${target}/:stream/append`, Append, (request) => append(request, target)),
    ]),
    route(`POST ${base}/input/*input`, Send, send),
    route(`GET ${base}/input/*input`, FollowInput, followInput),
    route(`GET ${base}/:stream`, Follow, follow),
    route("POST /api/v1/runs/:run/input-streams/wait", Wait, waitForInput),
  ];

  async function open({ params, caller }: EngineRequest<typeof Open>, target: Target): Promise<Reply> {
    const owner = await ownerOf(params.run, target);
    return s2.writeAccess(outputName(owner, params.stream), caller);
  }

  async function append({ params, bytes }: EngineRequest<typeof Append>, target: Target): Promise<Reply> {
    const owner = await ownerOf(params.run, target);
    const body = dataBody((await bytes()).toString("utf8"), randomBase62(7));
    await streams.get(outputName(owner, params.stream)).append({ records: [{ body }] });
    return json(200, { ok: true });
  }

  async function follow({ params, identity, headers }: EngineRequest<typeof Follow>): Promise<Reply> {
    requireOwn(identity, "read:runs", params.run);
    const run = await runs.get(params.run);
    return readRunStream(streams.get(outputName(run, params.stream)), run, headers);
  }

  /** Sends data to a run from outside. The run gets it as it is, without a wrapper. */
  async function send({ params, body }: EngineRequest<typeof Send>): Promise<Reply> {
    const run = await runs.get(params.run);
    const data = JSON.stringify(body.data);
    if (!isLive(run)) throw new HttpError(400, "The run has ended and no longer reads input");
    const name = inputName(run, params.input);
    await streams.get(name).append({ records: [{ body: inputBody(data, `inp_${randomBase62(12)}`) }] });
    await waitpoints.completeForStream(name, data);
    return json(200, { ok: true });
  }

  async function followInput({ params, headers }: EngineRequest<typeof FollowInput>): Promise<Reply> {
    const run = await runs.get(params.run);
    return readRunStream(streams.get(inputName(run, params.input)), run, headers);
  }

  /** Only the run writes to its streams, so a stream is settled once its run has ended. */
  async function readRunStream(
    stream: Stream,
    run: Run,
    headers: z.output<typeof ReaderHeaders>,
  ): Promise<Reply> {
    const { heartbeatMs } = behavior;
    return readReply(stream, { ...(await readOptions(stream, headers)), settled: !isLive(run), heartbeatMs });
  }

  async function waitForInput({ params, body }: EngineRequest<typeof Wait>): Promise<Reply> {
    const { streamId, timeout, lastSeqNum } = body;
    const run = await runs.get(params.run);
    const timeoutMs = timeout === undefined ? undefined : parseTimeout(timeout);
    const waitpoint = await waitpoints.onStream(run.id, inputName(run, streamId), timeoutMs, lastSeqNum);
    return json(200, { waitpointId: waitpoint.id, isCached: false });
  }

  async function ownerOf(runId: string, target: Target): Promise<Run> {
    let run = await runs.get(runId);
    if (target === "self" || run.parentId === null) return run;
    do run = await runs.get(run.parentId!);
    while (target === "root" && run.parentId !== null);
    return run;
  }
}

function inputName(run: Run, stream: string): string {
  return outputName(run, `input/${stream}`);
}

function outputName(run: Run, stream: string): string {
  // Header values are ASCII, and an author may name a stream anything, including half a surrogate pair.
  return `runs/${run.id}/${encodeURIComponent(Buffer.from(stream).toString())}`;
}
