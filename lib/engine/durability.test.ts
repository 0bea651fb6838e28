import net from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { AppendInput, AppendRecord, S2 } from "@s2-dev/streamstore";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestEngine, type TestEngine } from "@/e2e/support/engine";
import { answered, engineClient, eventually, secretKeyHeader, type Chat } from "@/e2e/support/engine-client";
import { connect, type Database } from "./database";
import { createRetention } from "./streams/retention";
import { createStreams } from "./streams/streams";

let test: TestEngine;
let database: Database;
const { call, createChat, outOf, write } = engineClient(() => test);

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 500 });
  database = connect(test.databaseUrl, () => {});
});
afterAll(async () => {
  await database.end();
  await test.close();
});

describe("storage", () => {
  /** One turn as `chat.agent` writes it: chunks, turn-complete, and a trim to the turn-complete before. */
  it(
    "holds about two turns after a thousand, and nothing a late transcript could miss",
    { timeout: 120_000 },
    async () => {
      const turns = 1_000;
      const chunks = 10;
      const chat = await createChat("thousand");
      const streams = createStreams(database);
      const retention = createRetention({ database, streams, intervalMs: 1e9, log: () => {} });
      const input = streams.get(`sessions/${chat.id}/in`);
      const output = streams.get(`sessions/${chat.id}/out`);
      const completes: number[] = [];
      for (let turn = 0; turn < turns; turn++) {
        await input.append({ records: [{ body: `{"data":"{}","id":"q${turn}"}` }], partId: `part ${turn}` });
        await output.append({
          records: Array.from({ length: chunks }, (_, chunk) => ({
            body: `{"data":${chunk},"id":"${turn}.${chunk}"}`,
          })),
        });
        const { start } = await output.append({ records: [answered(turn)] });
        const before = completes.at(-1);
        if (before !== undefined)
          await output.append({
            records: [{ body: "", headers: [["", "trim"]], command: { trim: before } }],
          });
        completes.push(start.seq_num);
        if (turn % 100 === 99) await retention.sweep();
      }
      const count = async (io: string) => {
        const found = await database.query(
          `select count(*)::int as records, min(record.seq) as first from engine.stream_records record
         join engine.streams stream on stream.id = record.stream_id where stream.name = $1`,
          [`sessions/${chat.id}/${io}`],
        );
        return found.rows[0] as { records: number; first: number };
      };
      // The turn that is marked now is deleted by the sweep after it.
      await retention.sweep();
      await retention.sweep();
      const [out, questions] = [await count("out"), await count("in")];
      expect(out.records).toBeLessThanOrEqual(3 * (chunks + 2));
      expect(questions.records).toBeLessThanOrEqual(3);
      // A transcript that was saved one turn late still has its cursor, and every message behind it.
      expect(out.first).toBeLessThanOrEqual(completes.at(-3)!);
      expect(questions.first).toBeLessThanOrEqual(turns - 2);
      expect((await output.tail()).next).toBe(turns * (chunks + 2) - 1);
      retention.close();
    },
  );

  it("keeps all input of a session that has answered nothing yet", async () => {
    const chat = await createChat("unanswered");
    const streams = createStreams(database);
    const retention = createRetention({ database, streams, intervalMs: 1e9, log: () => {} });
    const input = streams.get(`sessions/${chat.id}/in`);
    for (let index = 0; index < 3; index++) await input.append({ records: [{ body: "{}" }] });
    await write(chat, [{ body: '{"data":1}' }, answered(-1, 2)]);
    await retention.sweep();
    await retention.sweep();
    expect(await createStreams(database).get(`sessions/${chat.id}/in`).readAll(0)).toHaveLength(3);
    retention.close();
  });
});

describe("readers that do not read", () => {
  it("cost a batch each, whatever is written, and delay nobody", { timeout: 120_000 }, async () => {
    const [readers, records, size] = [20, 60, 400_000];
    const chat = await createChat("slow");
    const lazy = await Promise.all(Array.from({ length: readers }, () => lazyReader(test, "slow")));
    const before = memoryInUse();
    const fast = readAll("slow", records);
    for (let index = 0; index < records; index++)
      await write(chat, [{ body: JSON.stringify({ data: "x".repeat(size), id: `${index}` }) }]);
    expect(await fast).toEqual(Array.from({ length: records }, (_, index) => index));
    const { body } = await call("/healthz");
    const written = readers * records * size;
    // A reader holds at most two batches of a megabyte: the one in its socket, and the one being added to it.
    expect(body["bufferedBytes"]).toBeGreaterThan(readers * 100_000);
    expect(body["bufferedBytes"]).toBeLessThan(readers * 3_000_000);
    expect(memoryInUse() - before).toBeLessThan(written / 4);
    for (const socket of lazy) socket.destroy();
    await vi.waitFor(async () => expect((await call("/healthz")).body["bufferedBytes"]).toBe(0), eventually);
  });
});

describe("a database that does not answer", () => {
  it("makes the writer try again in time, and nothing is stored twice", { timeout: 60_000 }, async () => {
    const chat = await createChat("stalled");
    const session = await (await s2(chat)).appendSession();
    const submit = async (id: string) =>
      session.submit(AppendInput.create([AppendRecord.string({ body: JSON.stringify({ data: id, id }) })]));
    await (await submit("0")).ack();
    const blocker = new pg.Client({ connectionString: test.databaseUrl });
    await blocker.connect();
    await blocker.query("begin; lock table engine.streams in access exclusive mode");
    const tickets = [];
    for (let index = 1; index <= 20; index++) tickets.push(await submit(String(index)));
    const acks = Promise.all(tickets.map((ticket) => ticket.ack()));
    // The engine gives up on the append (4 s) before the client gives up on the engine (5 s).
    await vi.waitFor(() => expect(test.logs.join("\n")).toContain("did not answer in time"), eventually);
    await blocker.query("commit");
    await blocker.end();
    expect((await acks).map(({ end }) => end.seqNum)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 2),
    );
    await session.close();
    expect((await outOf(chat)).map(({ data }) => data)).toEqual(
      Array.from({ length: 21 }, (_, index) => `${index}`),
    );
  });
});

describe("a shutdown with writers at work", () => {
  it("ends soon, and everything that was acknowledged is there once", { timeout: 60_000 }, async () => {
    const chats = await Promise.all(
      Array.from({ length: 10 }, (_, index) => createChat(`shutdown ${index}`)),
    );
    const writers = chats.map(async (chat) => {
      const acknowledged: string[] = [];
      try {
        const session = await (await s2(chat)).appendSession();
        for (let index = 0; ; index++) {
          const record = AppendRecord.string({ body: JSON.stringify({ data: `${index}`, id: `${index}` }) });
          await (await session.submit(AppendInput.create([record]))).ack();
          acknowledged.push(`${index}`);
        }
      } catch {
        return acknowledged; // The engine is gone, and says so: a client that hung here would hang the test.
      }
    });
    await vi.waitFor(async () => expect((await outOf(chats[9]!)).length).toBeGreaterThan(20), eventually);
    await test.engine.close();
    const results = await Promise.all(writers);
    await test.restart();
    for (const [index, chat] of chats.entries()) {
      const stored = (await outOf(chat)).map(({ data }) => data as string);
      expect(stored).toEqual(Array.from({ length: stored.length }, (_, number) => `${number}`));
      expect(stored.slice(0, results[index]!.length)).toEqual(results[index]);
    }
  });
});

async function s2(chat: Chat) {
  const path = `/realtime/v1/sessions/${encodeURIComponent(chat.name)}/out`;
  const { headers } = await call(path, {}, "PUT");
  const endpoint = headers.get("x-s2-endpoint")!;
  const client = new S2({
    accessToken: headers.get("x-s2-access-token")!,
    endpoints: { account: endpoint, basin: endpoint },
  });
  return client
    .basin(headers.get("x-s2-basin")!)
    .stream(headers.get("x-s2-stream-name")!, { forceTransport: "s2s" });
}

/** Collects garbage first, so that only live memory counts. */
function memoryInUse(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Requests the stream and never reads a byte of it. */
function lazyReader({ engine }: TestEngine, chatId: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(engine.port, "127.0.0.1", () => {
      socket.pause();
      socket.write(
        `GET /realtime/v1/sessions/${chatId}/out HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${secretKeyHeader.authorization}\r\n\r\n`,
        () => resolve(socket),
      );
    });
    socket.on("error", reject);
  });
}

async function readAll(chatId: string, records: number): Promise<number[]> {
  const response = await fetch(`${test.url}/realtime/v1/sessions/${chatId}/out`, {
    headers: secretKeyHeader,
  });
  const seen: number[] = [];
  let rest = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + chunk).split("\n\n");
    rest = events.pop()!;
    for (const event of events.filter((text) => text.includes("event: batch"))) {
      const batch = JSON.parse(event.slice(event.indexOf("data: ") + 6)) as {
        records: { seq_num: number }[];
      };
      seen.push(...batch.records.map(({ seq_num }) => seq_num));
    }
    if (seen.length >= records) break;
  }
  return seen;
}
