/**
 * Sends 100,000 malformed inputs: none may cause a crash, a hang or a 5xx. A failure prints its seed, and
 * FUZZ_SEED=<seed> repeats the same inputs.
 */
import http from "node:http";
import http2 from "node:http2";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { createAuth } from "../http/auth";
import { HttpError } from "../http/errors";
import { createFrameReader, decodeAppendInput, decodeJsonInput, encodeFrame, encodeVarint } from "./s2-codec";

const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31);
const auth = createAuth(TEST_SECRET_KEY);

/** A parser may throw an `HttpError` below 500; any other error is a bug. */
function refusesAtMost(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof HttpError) || error.status >= 500) throw error;
  }
}

function check<Input>(runs: number, inputs: fc.Arbitrary<Input>, parse: (input: Input) => unknown) {
  fc.assert(
    fc.property(inputs, (input) => refusesAtMost(() => parse(input))),
    { numRuns: runs, seed },
  );
}

const bytes = fc.uint8Array({ maxLength: 96 }).map((array) => Buffer.from(array));
/** Mostly valid protobuf: nested fields with known and unknown numbers, some with a wrong length. */
const field = fc
  .tuple(
    fc.integer({ min: 0, max: 6 }),
    fc.constantFrom(0, 1, 2, 5, 7),
    bytes,
    fc.integer({ min: -2, max: 2 }),
  )
  .map(([number, wire, body, lie]) =>
    Buffer.concat([Buffer.from([(number << 3) | wire]), encodeVarint(Math.max(0, body.length + lie)), body]),
  );
const message = fc.array(fc.oneof(bytes, field), { maxLength: 6 }).map((parts) => Buffer.concat(parts));
const nested = message.map((body) => Buffer.concat([Buffer.from([10]), encodeVarint(body.length), body]));

describe("the S2 codec", () => {
  it("reads any bytes as messages", () => check(40_000, fc.oneof(bytes, message, nested), decodeAppendInput));

  it("reads any JSON as messages", () =>
    check(
      25_000,
      fc.oneof(
        fc.json(),
        fc.jsonValue().map((records) => JSON.stringify({ records })),
        fc.string(),
      ),
      (text) => decodeJsonInput(Buffer.from(text)),
    ));

  it("reads any bytes as frames, however they are cut", () =>
    check(
      30_000,
      fc.array(
        fc.oneof(
          bytes,
          nested.map((body) => encodeFrame(body)),
        ),
        { maxLength: 4 },
      ),
      (chunks) => {
        const readFrames = createFrameReader();
        for (const chunk of chunks)
          for (const frame of readFrames(chunk)) if (!frame.terminal) decodeAppendInput(frame.body);
      },
    ));
});

describe("the engine", () => {
  let test: TestEngine;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  let names: { session: string; run: string; waitpoint: string };

  beforeAll(async () => {
    test = await startTestEngine({ maxWorkers: 100_000 });
    const created = await send("POST", "/api/v1/sessions", {
      type: "chat.agent",
      externalId: "fuzzed",
      taskIdentifier: "chat",
      triggerConfig: { basePayload: {} },
    });
    const { id, runId } = JSON.parse(created.text) as { id: string; runId: string };
    const token = await send("POST", "/api/v1/waitpoints/tokens", {});
    names = { session: id, run: runId, waitpoint: (JSON.parse(token.text) as { id: string }).id };
  }, 60_000);
  afterAll(() => {
    agent.destroy();
    return test.close();
  });

  type Answer = { status: number; text: string };

  function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          agent,
          method,
          port: test.engine.port,
          path,
          headers: { authorization: `Bearer ${TEST_SECRET_KEY}`, ...headers },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => {
            text += chunk;
            // An open stream counts as a response.
            if (response.headers["content-type"] === "text/event-stream") response.destroy();
          });
          const done = () => resolve({ status: response.statusCode!, text });
          if (response.headers["content-type"] === "text/event-stream") {
            response.destroy();
            done();
          } else response.on("end", done);
          response.on("error", () => {});
        },
      );
      request.on("error", reject);
      request.setTimeout(20_000, () => request.destroy(new Error(`no answer to ${method} ${path}`)));
      request.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
    });
  }

  /** Routes with a body, and the fields that their bodies may have. */
  const ROUTES: [string, string, string[]][] = [
    [
      "POST",
      "/api/v1/sessions",
      ["type", "externalId", "taskIdentifier", "triggerConfig", "tags", "metadata", "expiresAt"],
    ],
    ["GET", "/api/v1/sessions", []],
    ["PATCH", "/api/v1/sessions/{id}", ["tags", "metadata", "externalId"]],
    ["POST", "/api/v1/sessions/{id}/close", ["reason", "callingRunId"]],
    ["POST", "/api/v1/sessions/{id}/end-and-continue", ["callingRunId", "reason"]],
    ["GET", "/api/v1/sessions/{id}/transcript", []],
    ["POST", "/realtime/v1/sessions/{id}/in/append", ["kind", "payload", "message"]],
    ["GET", "/realtime/v1/sessions/{id}/out/records", []],
    ["POST", "/api/v1/tasks/chat/trigger", ["payload", "options", "delay"]],
    ["POST", "/api/v1/runs/{id}/tags", ["tags"]],
    ["PUT", "/api/v1/runs/{id}/metadata", ["metadata", "operations", "parentOperations", "rootOperations"]],
    ["POST", "/api/v1/runs/{id}/session-streams/wait", ["session", "io", "timeout", "lastSeqNum"]],
    ["POST", "/api/v1/runs/{id}/input-streams/wait", ["streamId", "timeout", "lastSeqNum"]],
    ["POST", "/engine/v1/runs/{id}/wait/duration", ["date"]],
    ["POST", "/api/v1/waitpoints/tokens", ["timeout", "idempotencyKey", "tags"]],
    ["POST", "/api/v1/waitpoints/tokens/{id}/complete", ["data"]],
    ["POST", "/api/v1/auth/public-tokens", ["scopes", "expirationTime", "oneTimeUse", "realtime"]],
    ["POST", "/api/v1/prompts/{id}", ["variables", "label", "version"]],
    ["POST", "/realtime/v1/streams/{id}/input/x", ["data"]],
    ["GET", "/api/v3/runs/{id}", []],
    ["GET", "/api/v1/runs", []],
  ];
  const text = fc.oneof(
    fc.string({ maxLength: 24 }),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom(
      "",
      "\u0000",
      "\ud800",
      "1h",
      "-1s",
      "99999999999w",
      "in",
      "out",
      "chat",
      "__proto__",
      "message",
      "NaN",
      "9".repeat(40),
      "+275760-09-13T00:00:00Z",
    ),
  );
  const value = fc.oneof(
    text,
    fc.integer(),
    fc.double(),
    fc.constantFrom(null, true, -1, 0, 2 ** 53, 1e308),
    fc.array(text, { maxLength: 3 }),
    fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
    fc.jsonValue({ maxDepth: 3 }),
  );
  const call = fc.constantFrom(...ROUTES).chain(([method, path, fields]) =>
    fc.record({
      method: fc.constant(method),
      path: fc.constant(path),
      id: fc.oneof({ weight: 3, arbitrary: fc.constant("known") }, { weight: 1, arbitrary: text }),
      body: fc.oneof(
        {
          weight: 6,
          arbitrary: fc
            .dictionary(fc.constantFrom(...(fields.length ? fields : ["x"])), value, { maxKeys: 4 })
            .map((body) => JSON.stringify(body)),
        },
        { weight: 1, arbitrary: fc.json() },
        { weight: 1, arbitrary: fc.string({ maxLength: 30 }) },
      ),
      query: fc.array(
        fc.tuple(
          fc.constantFrom(
            "page[size]",
            "page[after]",
            "page[before]",
            "filter[tags]",
            "filter[status]",
            "filter[createdAt][from]",
            "filter[createdAt][period]",
            "limit",
            "before",
            "afterEventId",
          ),
          text,
        ),
        { maxLength: 2 },
      ),
    }),
  );

  it("answers any call of its routes, and never with a 5xx", { timeout: 120_000 }, async () => {
    const statuses = new Map<number, number>();
    const calls = fc.sample(call, { numRuns: 4_500, seed });
    const one = async ({ method, path, id, body, query }: (typeof calls)[number]) => {
      const known =
        path.includes("/runs/") || path.includes("/streams/")
          ? names.run
          : path.includes("waitpoints")
            ? names.waitpoint
            : names.session;
      const chosen = id === "known" ? known : encodeURIComponent(Buffer.from(id).toString());
      const search = new URLSearchParams(
        query.map(([name, content]) => [name, Buffer.from(content).toString()]),
      );
      const target = `${path.replace("{id}", chosen)}?${search.toString()}`;
      const answer = await send(method, target, method === "GET" ? undefined : body);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status >= 500)
        throw new Error(`seed ${seed}: ${answer.status} ${answer.text} to ${method} ${target} ${body}`);
    };
    let next = 0;
    const worker = async () => {
      while (next < calls.length) await one(calls[next++]!);
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBe(calls.length);
    // Most inputs were refused, but not all: the generator also makes valid ones.
    expect(statuses.get(200) ?? 0).toBeGreaterThan(200);
    expect((await send("GET", "/healthz")).status).toBe(200);
  });

  it("survives any bytes on an append session", { timeout: 60_000 }, async () => {
    const name = `sessions/${names.session}/out`;
    const client = http2.connect(test.url);
    const inputs = fc.sample(
      fc.array(
        fc.oneof(
          bytes,
          nested.map((body) => encodeFrame(body)),
        ),
        { minLength: 1, maxLength: 3 },
      ),
      { numRuns: 500, seed },
    );
    const over = (chunks: Buffer[]) =>
      new Promise<void>((resolve) => {
        const stream = client.request({
          ":method": "POST",
          ":path": `/s2/v1/streams/${encodeURIComponent(name)}/records`,
          authorization: `Bearer ${auth.signStreamToken(name, undefined)}`,
          "content-type": "s2s/proto",
        });
        stream.on("error", () => {});
        stream.on("close", () => resolve());
        stream.resume();
        for (const chunk of chunks) stream.write(chunk);
        stream.end();
      });
    for (let index = 0; index < inputs.length; index += 50)
      await Promise.all(inputs.slice(index, index + 50).map(over));
    client.close();
    expect((await send("GET", "/healthz")).status).toBe(200);
  });
});
