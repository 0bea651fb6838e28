/** `streams.pipe`, `streams.append` and `streams.input` of plain tasks: streams that belong to a run, not a session. */
import { type Auth, requireScope, requireSecret } from "./auth";
import { type EngineRequest, HttpError, json, type Reply, type Route, route } from "./http";
import { dataBody, inputBody } from "./records";
import { randomBase62 } from "./ids";
import type { Run, Runs } from "./runs";
import { S2_BASIN, S2_PATH } from "./s2";
import { readReply } from "./sse";
import type { Streams } from "./streams";

type Options = { auth: Auth; runs: Runs; streams: Streams; engineUrl: () => string; flushIntervalMs: number };

export function runStreamRoutes({ auth, runs, streams, engineUrl, flushIntervalMs }: Options): Route[] {
  const base = "/realtime/v1/streams/:run";
  return [
    route(`PUT ${base}/:target/:stream`, initialise),
    route(`POST ${base}/:target/:stream/append`, append, { shape: "append" }),
    route(`POST ${base}/input/:stream`, send, { shape: "append" }),
    route(`GET ${base}/:stream`, follow),
  ];

  async function initialise(request: EngineRequest): Promise<Reply> {
    requireSecret(request.identity);
    const name = nameOf(await targetOf(request), request.params["stream"]!);
    return json(
      202,
      { version: "v2" },
      {
        "x-s2-access-token": auth.signStreamToken(name, undefined),
        "x-s2-basin": S2_BASIN,
        "x-s2-stream-name": name,
        "x-s2-endpoint": `${engineUrl()}${S2_PATH}`,
        "x-s2-flush-interval-ms": String(flushIntervalMs),
      },
    );
  }

  async function append(request: EngineRequest): Promise<Reply> {
    requireSecret(request.identity);
    const name = nameOf(await targetOf(request), request.params["stream"]!);
    const body = dataBody((await request.body()).toString("utf8"), randomBase62(7));
    await streams.get(name).append({ records: [{ body }] });
    return json(200, { ok: true });
  }

  async function send(request: EngineRequest): Promise<Reply> {
    const run = await runs.get(request.params["run"]!);
    requireScope(request.identity, "write", "inputStreams", [run.id]);
    const body = inputBody((await request.body()).toString("utf8"), randomBase62(12));
    await streams.get(nameOf(run, `input/${request.params["stream"]}`)).append({ records: [{ body }] });
    return json(200, { ok: true });
  }

  async function follow(request: EngineRequest): Promise<Reply> {
    const run = await runs.get(request.params["run"]!);
    requireScope(request.identity, "read", "runs", [run.id]);
    const stream = streams.get(nameOf(run, request.params["stream"]!));
    const cursor = request.headers["last-event-id"]?.toString();
    const { trim } = await stream.tail();
    const from = cursor !== undefined && /^\d{1,15}$/.test(cursor) ? Number(cursor) + 1 : trim;
    return readReply(stream, { from, idleTimeoutMs: 60_000, settled: false });
  }

  async function targetOf(request: EngineRequest): Promise<Run> {
    let run = await runs.get(request.params["run"]!);
    const target = request.params["target"];
    if (target === "self" || run.parentId === null) return run;
    if (target !== "parent" && target !== "root")
      throw new HttpError(404, `There is no stream target ${target}`);
    do run = await runs.get(run.parentId!);
    while (target === "root" && run.parentId !== null);
    return run;
  }
}

function nameOf(run: Run, stream: string): string {
  // Header values are ASCII; a stream's name is whatever its author likes.
  return `runs/${run.id}/${encodeURIComponent(stream)}`;
}
