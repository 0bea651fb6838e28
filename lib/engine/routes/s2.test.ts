import http2 from "node:http2";
import net from "node:net";
import { AppendInput, AppendRecord, S2 } from "@s2-dev/streamstore";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { encodeFrame } from "../streams/s2-codec";

let test: TestEngine;

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 500 });
});
afterAll(() => test.close());

const key = { authorization: `Bearer ${TEST_SECRET_KEY}` };

/** Creates a session and returns the credentials of its `.out`, as a run or as the server gets them. */
async function credentials(chatId: string, from: "run" | "server" = "server") {
  const created = await fetch(`${test.url}/api/v1/sessions`, {
    method: "POST",
    headers: key,
    body: JSON.stringify({
      type: "custom",
      externalId: chatId,
      taskIdentifier: "chat",
      triggerConfig: { basePayload: {} },
    }),
  });
  const { id, runId } = (await created.json()) as { id: string; runId: string };
  const base =
    from === "run" ? test.fake.attempts.findLast((attempt) => attempt.runId === runId)!.apiUrl : test.url;
  const answer = await fetch(`${base}/realtime/v1/sessions/${encodeURIComponent(chatId)}/out`, {
    method: "PUT",
    headers: key,
  });
  expect(answer.status).toBe(202);
  const get = (name: string) => answer.headers.get(`x-s2-${name}`)!;
  return {
    sessionId: id,
    runId,
    token: get("access-token"),
    basin: get("basin"),
    name: get("stream-name"),
    endpoint: get("endpoint"),
    flush: get("flush-interval-ms"),
  };
}

type Credentials = Awaited<ReturnType<typeof credentials>>;

function client(given: Credentials, transport?: "fetch" | "s2s") {
  const s2 = new S2({
    accessToken: given.token,
    endpoints: { account: given.endpoint, basin: given.endpoint },
  });
  return s2.basin(given.basin).stream(given.name, transport ? { forceTransport: transport } : undefined);
}

async function bodiesOf(chatId: string) {
  const answer = await fetch(`${test.url}/realtime/v1/sessions/${encodeURIComponent(chatId)}/out/records`, {
    headers: key,
  });
  return ((await answer.json()) as { records: { seqNum: number; data: unknown }[] }).records;
}

const record = (id: string) => AppendRecord.string({ body: JSON.stringify({ data: { n: id }, id }) });
const pathOf = (given: Credentials) => `/s2/v1/streams/${encodeURIComponent(given.name)}/records`;

describe("the real S2 client", () => {
  it.each(["s2s", "fetch"] as const)(
    "streams appends over %s, in order and acknowledged",
    async (transport) => {
      const given = await credentials(`append ${transport}`);
      expect(given.flush).toBe("1");
      const session = await client(given, transport).appendSession();
      const acks = [];
      for (let index = 0; index < 50; index++) {
        const ticket = await session.submit(AppendInput.create([record(`${index}`)]));
        acks.push(ticket.ack());
      }
      const ends = (await Promise.all(acks)).map((ack) => ack.end.seqNum);
      await session.close();
      expect(ends).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
      expect((await bodiesOf(`append ${transport}`)).map(({ data }) => data)).toEqual(
        Array.from({ length: 50 }, (_, index) => ({ n: `${index}` })),
      );
    },
  );

  it("appends one record, a control record and a trim, and takes a record of almost 1 MiB", async () => {
    const given = await credentials("unary");
    const stream = client(given);
    expect((await stream.append(AppendInput.create([record("a")]))).end.seqNum).toBe(1);
    await stream.append(
      AppendInput.create([
        AppendRecord.string({ body: "", headers: [["trigger-control", "turn-complete"]] }),
      ]),
    );
    await stream.append(AppendInput.create([AppendRecord.trim(1)]));
    const big = AppendRecord.string({ body: JSON.stringify({ data: "x".repeat(900_000), id: "big" }) });
    expect((await stream.append(AppendInput.create([big]))).start.seqNum).toBe(3);
    expect((await bodiesOf("unary")).map(({ seqNum }) => seqNum)).toEqual([1, 3]);
  });

  it("is told about unmet conditions in their own words", async () => {
    const given = await credentials("conditions");
    const stream = client(given);
    await expect(stream.append(AppendInput.create([record("a")], { matchSeqNum: 7 }))).rejects.toMatchObject({
      status: 412,
      expectedSeqNum: 0,
    });
    const session = await client(given, "s2s").appendSession();
    const ticket = await session.submit(AppendInput.create([record("a")], { matchSeqNum: 7 }));
    await expect(ticket.ack()).rejects.toMatchObject({ status: 412 });
    await session.close().catch(() => {});
  });

  it("has one port for many streams at once", async () => {
    const given = await Promise.all(Array.from({ length: 30 }, (_, index) => credentials(`many ${index}`)));
    const sessions = await Promise.all(given.map((one) => client(one, "s2s").appendSession()));
    await Promise.all(
      sessions.map(async (session) => {
        for (let index = 0; index < 10; index++)
          await (await session.submit(AppendInput.create([record(`${index}`)]))).ack();
        await session.close();
      }),
    );
    for (let index = 0; index < 30; index++) expect(await bodiesOf(`many ${index}`)).toHaveLength(10);
  });
});

describe("tokens", () => {
  it.each(["h1", "h2"] as const)("are needed, and good for one stream only, over %s", async (protocol) => {
    const mine = await credentials(`mine ${protocol}`);
    const other = await credentials(`other ${protocol}`);
    const forged = `${mine.token.slice(0, -2)}xx`;
    for (const [token, status] of [
      ["", 401],
      ["nonsense", 401],
      [TEST_SECRET_KEY, 401],
      [forged, 401],
      [other.token, 403],
      [mine.token, 200],
    ] as const) {
      expect(await appendStatus(protocol, mine, token)).toBe(status);
    }
    expect(await bodiesOf(`mine ${protocol}`)).toHaveLength(1);
  });

  it.each(["h1", "h2"] as const)(
    "of a run stop working when the run has ended, over %s",
    async (protocol) => {
      const given = await credentials(`fenced ${protocol}`, "run");
      expect(await appendStatus(protocol, given, given.token)).toBe(200);
      const attempt = test.fake.attempts.findLast(({ runId }) => runId === given.runId)!;
      attempt.complete();
      await vi.waitFor(async () => expect(await appendStatus(protocol, given, given.token)).toBe(403));
      const answer = await fetch(`${attempt.apiUrl}/realtime/v1/sessions/${given.sessionId}/out`, {
        method: "PUT",
        headers: key,
      });
      expect(answer.status).toBe(409);
      expect(answer.headers.get("x-should-retry")).toBe("false");
    },
  );

  it("cost a live run its place when an append is refused for good", async () => {
    const given = await credentials("fatal", "run");
    await appendStatus("h2", given, given.token, Buffer.alloc(8, 0xff));
    const attempt = test.fake.attempts.findLast(({ runId }) => runId === given.runId)!;
    await vi.waitFor(() => expect(attempt.killed).toBe(true));
  });
});

describe("malformed sessions", () => {
  it("are ended with a status, and what follows the bad frame is not stored", async () => {
    const given = await credentials("malformed");
    const good = encodeFrame(Buffer.from("0a061a0461626364", "hex"));
    const bad = encodeFrame(Buffer.from("ffffffff", "hex"));
    const { terminal } = await rawSession(given, Buffer.concat([good, bad, good]));
    expect(terminal).toBe(400);
    expect(await bodiesOf("malformed")).toHaveLength(1);
  });

  it("leave the engine standing when the client vanishes in mid-frame", async () => {
    const given = await credentials("vanished");
    const session = http2.connect(test.url);
    session.on("error", () => {});
    const stream = session.request({
      ":method": "POST",
      ":path": pathOf(given),
      authorization: `Bearer ${given.token}`,
    });
    stream.on("error", () => {});
    stream.write(Buffer.from([0, 0, 50, 0, 1]));
    await new Promise((resolve) => setTimeout(resolve, 50));
    session.destroy();
    expect((await fetch(`${test.url}/healthz`)).status).toBe(200);
  });

  it("answer 404 on an unknown path", async () => {
    const given = await credentials("unknown");
    expect(await h2Status("/s2/v1/streams/x", given.token, Buffer.alloc(0))).toBe(404);
  });
});

describe("the port", () => {
  it("understands a preface that arrives byte by byte", async () => {
    const socket = net.connect(test.engine.port, "127.0.0.1");
    socket.setNoDelay(true);
    for (const byte of Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const first = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    // A SETTINGS frame, not "HTTP/1.1 400".
    expect(first[3]).toBe(4);
    socket.destroy();
  });

  it("answers HTTP/1.1 that arrives byte by byte", async () => {
    const socket = net.connect(test.engine.port, "127.0.0.1");
    socket.setNoDelay(true);
    for (const byte of Buffer.from("PUT /x HTTP/1.1\r\nhost: localhost\r\n\r\n"))
      socket.write(Buffer.from([byte]));
    const first = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    expect(first.toString()).toMatch(/^HTTP\/1\.1 404/);
    socket.destroy();
  });
});

async function appendStatus(
  protocol: "h1" | "h2",
  given: Credentials,
  token: string,
  body?: Buffer,
): Promise<number> {
  if (protocol === "h1") {
    const answer = await fetch(`${test.url}${pathOf(given)}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: '{"records":[{"body":"{\\"data\\":1,\\"id\\":\\"one\\"}"}]}',
    });
    await answer.text();
    return answer.status;
  }
  const message = Buffer.from('{"data":1,"id":"one"}');
  const input = Buffer.concat([Buffer.from([10, message.length + 2, 26, message.length]), message]);
  return h2Status(pathOf(given), token, encodeFrame(body ?? input));
}

/** The status of the response, or of the terminal frame inside it. */
async function h2Status(path: string, token: string, bytes: Buffer): Promise<number> {
  const { status, terminal } = await rawRequest(path, token, bytes);
  return terminal ?? status;
}

function rawSession(given: Credentials, bytes: Buffer) {
  return rawRequest(pathOf(given), given.token, bytes);
}

async function rawRequest(
  path: string,
  token: string,
  bytes: Buffer,
): Promise<{ status: number; terminal?: number }> {
  const session = http2.connect(test.url);
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "s2s/proto",
    authorization: `Bearer ${token}`,
  });
  let status = 0;
  const chunks: Buffer[] = [];
  stream.on("response", (headers) => (status = Number(headers[":status"])));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.end(bytes);
  await new Promise((resolve) => stream.on("close", resolve));
  session.close();
  const answer = Buffer.concat(chunks);
  for (let at = 0; status === 200 && at + 4 <= answer.length; at += 3 + answer.readUIntBE(at, 3)) {
    if (answer[at + 3]! & 0x80) return { status, terminal: answer.readUInt16BE(at + 4) };
  }
  return { status };
}
