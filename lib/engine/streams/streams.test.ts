import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase } from "@/e2e/support/database";
import { connect, type Database } from "../database";
import { createRetention } from "./retention";
import { migrate } from "../schema";
import type { NewRecord } from "./append-queue";
import { createStreams, type Streams } from "./streams";

let database: Database;
let streams: Streams;
let fresh: Awaited<ReturnType<typeof freshDatabase>>;
const log = () => {};

beforeAll(async () => {
  fresh = await freshDatabase({ migrated: false });
  database = connect(fresh.url, log);
  await migrate(database);
  streams = createStreams(database);
});

afterAll(async () => {
  await database.end();
  await fresh.drop();
});

const chunk = (id: string, data: unknown = id): NewRecord => ({ body: JSON.stringify({ data, id }) });
const trimTo = (trim: number): NewRecord => ({ body: "", headers: [["", "trim"]], command: { trim } });
const seqsFrom = async (name: string, from: number) =>
  (await streams.get(name).readAll(from)).map((r) => r.seq);
/** Opens the same streams as another process would. */
const reopened = (name: string) => createStreams(database).get(name);

describe("append", () => {
  it("numbers records densely, whoever appends at the same time", async () => {
    const stream = streams.get("dense");
    const batches = Array.from({ length: 200 }, (_, index) => [chunk(`a${index}`), chunk(`b${index}`)]);
    const answers = await Promise.all(batches.map((records) => stream.append({ records })));
    const starts = answers.map((answer) => answer.start.seq_num).toSorted((a, b) => a - b);
    expect(starts).toEqual(Array.from({ length: 200 }, (_, index) => index * 2));
    const stored = await reopened("dense").readAll(0);
    expect(stored.map((record) => record.seq)).toEqual(Array.from({ length: 400 }, (_, index) => index));
    for (const [index, answer] of answers.entries()) {
      expect(stored[answer.start.seq_num]!.body).toBe(batches[index]![0]!.body);
      expect(answer.end.seq_num).toBe(answer.start.seq_num + 2);
      expect(answer.tail.seq_num).toBeGreaterThanOrEqual(answer.end.seq_num);
    }
  });

  it("stores one record for 100 concurrent appends of one part id and answers all with its number", async () => {
    const stream = streams.get("parts");
    await stream.append({ records: [chunk("first")] });
    const again = Array.from({ length: 100 }, () => stream.append({ records: [chunk("p")], partId: "p" }));
    const numbers = (await Promise.all(again)).map((answer) => answer.start.seq_num);
    expect(new Set(numbers)).toEqual(new Set([1]));
    expect(await reopened("parts").readAll(0)).toHaveLength(2);
    const later = await reopened("parts").append({ records: [chunk("p")], partId: "p" });
    expect(later).toMatchObject({ start: { seq_num: 1 }, end: { seq_num: 2 }, duplicate: true });
  });

  it("recognises part ids that arrive while it is looking up others", async () => {
    const stream = streams.get("part-waves");
    const wave = () =>
      Array.from({ length: 20 }, (_, index) =>
        stream.append({ records: [chunk(`w${index}`)], partId: `w${index}` }),
      );
    const answers = [];
    for (let round = 0; round < 10; round++) {
      answers.push(...wave());
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(answers);
    expect(await reopened("part-waves").readAll(0)).toHaveLength(20);
  });

  it("answers a resent batch with where it lies, also after a restart", async () => {
    const records = [chunk("r1"), chunk("r2")];
    const first = await streams.get("resent").append({ records });
    await streams.get("resent").append({ records: [chunk("r3")] });
    for (const stream of [streams.get("resent"), reopened("resent")]) {
      const again = await stream.append({ records });
      expect(again).toMatchObject({
        start: { seq_num: first.start.seq_num },
        end: { seq_num: 2 },
        tail: { seq_num: 3 },
      });
    }
    expect(await seqsFrom("resent", 0)).toEqual([0, 1, 2]);
  });

  it("stores twice what has no id, and what has the same id but another content", async () => {
    const stream = streams.get("not-resent");
    await stream.append({ records: [{ body: "plain" }] });
    await stream.append({ records: [{ body: "plain" }] });
    await stream.append({ records: [chunk("same", 1)] });
    await stream.append({ records: [chunk("same", 2)] });
    expect(await seqsFrom("not-resent", 0)).toEqual([0, 1, 2, 3]);
  });

  it("drops the rest of a connection after a failure, so that order survives", async () => {
    const stream = streams.get("connection");
    const connection = { failed: false };
    const refused = stream.append({ records: [chunk("a")], matchSeq: 99, connection });
    const behind = stream.append({ records: [chunk("b")], connection });
    await expect(refused).rejects.toMatchObject({ status: 412, details: { seq_num_mismatch: 0 } });
    await expect(behind).rejects.toMatchObject({ status: 503 });
    expect(await seqsFrom("connection", 0)).toEqual([]);
  });

  it("honours a fencing token", async () => {
    const stream = streams.get("fence");
    await stream.append({ records: [{ body: "", headers: [["", "fence"]], command: { fence: "new" } }] });
    await expect(stream.append({ records: [chunk("a")], fencingToken: "old" })).rejects.toMatchObject({
      details: { fencing_token_mismatch: "new" },
    });
    await stream.append({ records: [chunk("a")], fencingToken: "new" });
    await expect(reopened("fence").append({ records: [chunk("b")], fencingToken: "old" })).rejects.toThrow();
  });

  it("refuses a raw NUL with a clear error and keeps escaped ones and lone surrogates", async () => {
    const stream = streams.get("nul");
    await expect(stream.append({ records: [{ body: "a\u0000b" }] })).rejects.toMatchObject({ status: 400 });
    const body = JSON.stringify({ data: "\u0000 \ud800", id: "x" });
    await stream.append({ records: [{ body }] });
    expect((await reopened("nul").readRecords(0))[0]!.body).toBe(body);
  });

  it("goes on with the next number after the database has refused one append", async () => {
    const stream = streams.get("broken");
    await stream.append({ records: [chunk("a")] });
    await database.query("alter table engine.stream_records rename to away");
    await expect(stream.append({ records: [chunk("b")] })).rejects.toMatchObject({ status: 503 });
    await database.query("alter table engine.away rename to stream_records");
    expect((await stream.append({ records: [chunk("b")] })).start.seq_num).toBe(1);
    expect(await seqsFrom("broken", 0)).toEqual([0, 1]);
  });
});

describe("trim", () => {
  it("moves the start of a reader without a cursor, and never backwards or beyond the tail", async () => {
    const stream = streams.get("trim");
    for (let index = 0; index < 10; index++) await stream.append({ records: [chunk(`t${index}`)] });
    await stream.append({ records: [trimTo(6)] });
    expect(await stream.tail()).toMatchObject({ next: 11, trim: 6 });
    await stream.append({ records: [trimTo(3)] });
    expect((await stream.tail()).trim).toBe(6);
    await stream.append({ records: [trimTo(1_000)] });
    expect((await stream.tail()).trim).toBe(12);
    expect((await reopened("trim").tail()).trim).toBe(12);
  });

  it("keeps the turn before readable for ever and older ones until the sweep has passed twice", async () => {
    const stream = streams.get("turns");
    const retention = createRetention({ database, streams, intervalMs: 1_000_000, log });
    for (let turn = 0; turn < 50; turn++) {
      const { start } = await stream.append({ records: [chunk(`x${turn}`), chunk(`y${turn}`)] });
      await stream.append({ records: [trimTo(start.seq_num)] });
    }
    const { trim } = await stream.tail();
    expect(await reopened("turns").readAll(0)).toHaveLength(150);
    await retention.sweep();
    expect(await reopened("turns").readAll(0)).toHaveLength(150);
    await retention.sweep();
    const left = (await reopened("turns").readAll(0)).map((record) => record.seq);
    expect(left[0]).toBe(trim - 3);
    expect(left).toHaveLength(6);
    retention.close();
    expect((await reopened("turns").append({ records: [chunk("next")] })).start.seq_num).toBe(150);
  });
});

describe("read", () => {
  it("gives the same records from memory and from the table, in bounded pages", async () => {
    const stream = streams.get("pages");
    const records = Array.from({ length: 5_000 }, (_, index) => chunk(`p${index}`));
    for (let at = 0; at < records.length; at += 500)
      await stream.append({ records: records.slice(at, at + 500) });
    for (const from of [0, 1, 2_499, 2_500, 4_999]) {
      const hot = await stream.readRecords(from);
      const cold = await reopened("pages").readRecords(from);
      expect(hot[0]!.seq).toBe(from);
      expect(cold.map((record) => record.body)).toEqual(hot.map((record) => record.body));
      expect(hot.length).toBeLessThanOrEqual(500);
    }
    expect(await stream.readRecords(5_000)).toEqual([]);
    await stream.append({
      records: Array.from({ length: 4 }, (_, index) => chunk(`big${index}`, "x".repeat(900_000))),
    });
    expect(await stream.readRecords(5_000)).toHaveLength(1);
    expect(await stream.readAll(5_000)).toHaveLength(4);
  });

  it("finds the newest record that is not a command", async () => {
    const stream = streams.get("newest");
    expect(await stream.newest()).toBeUndefined();
    await stream.append({ records: [chunk("n")] });
    for (let index = 0; index < 20; index++) await stream.append({ records: [trimTo(0)] });
    expect((await stream.newest())!.seq).toBe(0);
  });

  it.each([
    ["in memory", (name: string) => streams.get(name)],
    ["in the table", reopened],
  ])("finds the newest record behind more than a page can hold (%s)", async (where, open) => {
    const name = `newest, large, ${where}`;
    const stream = streams.get(name);
    for (let index = 0; index < 6; index++)
      await stream.append({ records: [chunk(`large${index}`, "x".repeat(900_000))] });
    expect((await open(name).newest())!.seq).toBe(5);
    await stream.append({ records: [chunk("last")] });
    for (let index = 0; index < 600; index++) await stream.append({ records: [trimTo(0)] });
    expect((await open(name).newest())!.seq).toBe(6);
    await stream.hide([6]);
    expect((await open(name).newest())!.seq).toBe(5);
  });
});
