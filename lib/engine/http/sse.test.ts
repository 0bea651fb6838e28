import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { createAuth } from "./auth";
import type { Header } from "../streams/records";

let test: TestEngine;
const key = { authorization: `Bearer ${TEST_SECRET_KEY}` };
const auth = createAuth(TEST_SECRET_KEY);

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 500 });
});
afterAll(() => test.close());

async function createSession(externalId: string) {
  const answer = await fetch(`${test.url}/api/v1/sessions`, {
    method: "POST",
    headers: key,
    body: JSON.stringify({
      type: "custom",
      externalId,
      taskIdentifier: "chat",
      triggerConfig: { basePayload: {} },
    }),
  });
  return (await answer.json()) as { id: string; runId: string };
}

type WireRecord = { body: string; headers?: Header[] };

/** Appends to `.out` as the server would, through the S2 endpoint. */
async function write(sessionId: string, records: WireRecord[]) {
  const name = `sessions/${sessionId}/out`;
  const answer = await fetch(`${test.url}/s2/v1/streams/${encodeURIComponent(name)}/records`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${auth.signStreamToken(name, undefined)}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ records }),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { start: { seq_num: number } };
}

const data = (value: unknown): WireRecord => ({
  body: JSON.stringify({ data: value, id: `${Math.random()}` }),
});
const turnComplete = (answered?: number): WireRecord => ({
  body: "",
  headers: [
    ["trigger-control", "turn-complete"],
    ...(answered === undefined ? [] : [["session-in-event-id", String(answered)] satisfies Header]),
  ],
});
/** JSON cannot carry the 8 bytes of a trim target above 127; these are small. */
const trim = (seq: number): WireRecord => ({
  body: `\0\0\0\0\0\0\0${String.fromCharCode(seq)}`,
  headers: [["", "trim"]],
});

type Event = { name: string; data: string };

/** Reads events until the stream ends or `enough` returns true. */
async function readEvents(
  chatId: string,
  headers: Record<string, string> = {},
  options: { io?: "in" | "out"; enough?: (events: Event[]) => boolean } = {},
) {
  const abort = new AbortController();
  const url = `${test.url}/realtime/v1/sessions/${encodeURIComponent(chatId)}/${options.io ?? "out"}`;
  const response = await fetch(url, {
    headers: { ...key, accept: "text/event-stream", ...headers },
    signal: abort.signal,
  });
  const events: Event[] = [];
  let rest = "";
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      rest += chunk;
      for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
        const lines = rest.slice(0, end).split("\n");
        rest = rest.slice(end + 2);
        if (lines.every((line) => line.startsWith(":"))) continue;
        const field = (name: string) =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        events.push({ name: field("event") ?? "", data: field("data") ?? "" });
      }
      if (options.enough?.(events)) abort.abort();
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  }
  return { response, events, seqs: seqsOf(events) };
}

function seqsOf(events: Event[]): number[] {
  return events.flatMap((event) =>
    event.name === "batch"
      ? (JSON.parse(event.data) as { records: { seq_num: number }[] }).records.map((record) => record.seq_num)
      : [],
  );
}

const done = (events: Event[]) => events.at(-1)?.data === "[DONE]";

describe("following a stream", () => {
  it("starts where the reader's cursor is, and says which form it speaks", async () => {
    const { id } = await createSession("resume");
    await write(id, [data(0), data(1), data(2)]);
    const all = await readEvents("resume", { "timeout-seconds": "1" });
    expect(all.seqs).toEqual([0, 1, 2]);
    expect(all.response.headers.get("x-stream-version")).toBe("v2");
    expect(all.response.headers.get("cache-control")).toBe("no-cache, no-transform");
    expect(all.response.headers.get("x-accel-buffering")).toBe("no");
    expect(done(all.events)).toBe(true);
    const cursor = (value: string) =>
      readEvents("resume", { "timeout-seconds": "1", "last-event-id": value });
    expect((await cursor("1")).seqs).toEqual([2]);
    expect((await cursor("2")).seqs).toEqual([]);
    expect((await cursor("0,3,412")).seqs).toEqual([0, 1, 2]);
    // A cursor beyond the tail comes from another stream.
    expect((await cursor("99")).seqs).toEqual([0, 1, 2]);
    const latest = await readEvents("resume", { "timeout-seconds": "1", "x-trigger-stream-start": "latest" });
    expect(latest.seqs).toEqual([]);
  });

  it("has no gap and no repeat while others append", async () => {
    const { id } = await createSession("busy");
    const total = 600;
    const writers = Array.from({ length: 6 }, async () => {
      for (let index = 0; index < total / 12; index++) await write(id, [data(index), data(index)]);
    });
    const enough = (events: Event[]) => seqsOf(events).length >= total;
    const readers = Array.from({ length: 4 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * 60));
      return readEvents("busy", {}, { enough });
    });
    await Promise.all(writers);
    for (const { seqs } of await Promise.all(readers))
      expect(seqs).toEqual(Array.from({ length: total }, (_, i) => i));
  });

  it("refuses a window that is not a whole number from 1 to 600", async () => {
    await createSession("window");
    for (const seconds of ["0", "601", "1.5", "x"]) {
      expect((await readEvents("window", { "timeout-seconds": seconds })).response.status).toBe(400);
    }
  });

  it("counts the window anew from each record", async () => {
    const { id } = await createSession("renewed");
    const started = Date.now();
    const reading = readEvents("renewed", { "timeout-seconds": "1" });
    for (let index = 0; index < 3; index++) {
      await new Promise((resolve) => setTimeout(resolve, 600));
      await write(id, [data(index)]);
    }
    expect((await reading).seqs).toEqual([0, 1, 2]);
    expect(Date.now() - started).toBeGreaterThan(2_500);
  });

  it("has a first byte at once, because a proxy may keep headers until one comes", async () => {
    await createSession("opening");
    const abort = new AbortController();
    const response = await fetch(`${test.url}/realtime/v1/sessions/opening/out`, {
      headers: { ...key, accept: "text/event-stream" },
      signal: abort.signal,
    });
    const { value } = await response.body!.getReader().read();
    expect(new TextDecoder().decode(value)).toBe(": open\n\n");
    abort.abort();
  });

  it("pings while nothing happens", { timeout: 15_000 }, async () => {
    await createSession("quiet");
    const { events } = await readEvents(
      "quiet",
      {},
      { enough: (seen) => seen.some((event) => event.name === "ping") },
    );
    expect(JSON.parse(events[0]!.data)).toMatchObject({ tail: { seq_num: 0 } });
  });

  it("sends commands without their body", async () => {
    const { id } = await createSession("commands");
    await write(id, [data(0), trim(0)]);
    const { events } = await readEvents("commands", { "timeout-seconds": "1" });
    const { records } = JSON.parse(events[0]!.data) as { records: unknown[] };
    expect(records[1]).toMatchObject({ seq_num: 1, body: "", headers: [["", "trim"]] });
  });

  it("lets one reader be slow without keeping the others or the records", { timeout: 60_000 }, async () => {
    const { id } = await createSession("slow");
    const slow = await fetch(`${test.url}/realtime/v1/sessions/slow/out`, { headers: key });
    const fast = readEvents("slow", {}, { enough: (events) => seqsOf(events).length >= 40 });
    for (let index = 0; index < 40; index++) await write(id, [data("x".repeat(400_000))]);
    expect((await fast).seqs).toHaveLength(40);
    // Fetch buffers only a part, so the engine still has most of the stream and now reads it from the table.
    let bytes = 0;
    for await (const chunk of slow.body!) {
      bytes += chunk.length;
      if (bytes > 40 * 400_000) break;
    }
    expect(bytes).toBeGreaterThan(16_000_000);
  });
});

describe("a settled stream", () => {
  const peek = { "x-peek-settled": "1" };

  it("ends at once after a completed turn, also behind a trim", async () => {
    const { id } = await createSession("settled");
    await write(id, [data(0), data(1)]);
    await write(id, [turnComplete()]);
    await write(id, [trim(0)]);
    const started = Date.now();
    const { events, seqs, response } = await readEvents("settled", { ...peek, "last-event-id": "0" });
    expect(Date.now() - started).toBeLessThan(900);
    expect(seqs).toEqual([1, 2, 3]);
    expect(done(events)).toBe(true);
    expect(response.headers.get("x-session-settled")).toBe("true");
  });

  it("stays open in mid-turn, and without the question", async () => {
    const { id } = await createSession("unsettled");
    await write(id, [turnComplete(), data(1)]);
    const midTurn = await readEvents("unsettled", { ...peek, "timeout-seconds": "1" });
    expect(midTurn.response.headers.get("x-session-settled")).toBeNull();
    await write(id, [turnComplete()]);
    const unasked = await readEvents("unsettled", { "timeout-seconds": "1" });
    expect(unasked.response.headers.get("x-session-settled")).toBeNull();
  });

  it("is not settled while a message waits for its answer", async () => {
    const { id } = await createSession("asked");
    await write(id, [turnComplete(-1)]);
    const send = () =>
      fetch(`${test.url}/realtime/v1/sessions/asked/in/append`, {
        method: "POST",
        headers: key,
        body: JSON.stringify({ kind: "message", payload: { trigger: "submit-message" } }),
      });
    await send();
    const reading = readEvents(
      "asked",
      { ...peek, "last-event-id": "0" },
      { enough: (events) => seqsOf(events).length >= 2 },
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await write(id, [data("answer"), turnComplete(0)]);
    expect((await reading).seqs).toEqual([1, 2]);
    expect(
      (await readEvents("asked", { ...peek, "last-event-id": "2" })).response.headers.get(
        "x-session-settled",
      ),
    ).toBe("true");
  });
});

describe("trim", () => {
  it("hides the turns before, but not from a page whose cursor is one turn old", async () => {
    const { id } = await createSession("trimmed");
    await write(id, [data("1a"), turnComplete()]);
    await write(id, [data("2a"), turnComplete()]);
    await write(id, [trim(1)]);
    await write(id, [data("3a"), turnComplete()]);
    await write(id, [trim(3)]);
    expect((await readEvents("trimmed", { "timeout-seconds": "1" })).seqs).toEqual([3, 4, 5, 6, 7]);
    expect((await readEvents("trimmed", { "timeout-seconds": "1", "last-event-id": "1" })).seqs).toEqual([
      2, 3, 4, 5, 6, 7,
    ]);
    await test.engine.sweep();
    await test.engine.sweep();
    await test.restart();
    expect((await readEvents("trimmed", { "timeout-seconds": "1" })).seqs).toEqual([3, 4, 5, 6, 7]);
    expect((await readEvents("trimmed", { "timeout-seconds": "1", "last-event-id": "1" })).seqs).toEqual([
      2, 3, 4, 5, 6, 7,
    ]);
    expect((await readEvents("trimmed", { "timeout-seconds": "1", "last-event-id": "0" })).seqs).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
    const records = async (query: string) => {
      const answer = await fetch(`${test.url}/realtime/v1/sessions/trimmed/out/records${query}`, {
        headers: key,
      });
      return ((await answer.json()) as { records: { seqNum: number; data: unknown; headers?: Header[] }[] })
        .records;
    };
    // Without commands, with headers where present, and with the data as it was written.
    expect(await records("")).toEqual([
      { data: "", id: "", seqNum: 3, headers: [["trigger-control", "turn-complete"]] },
      { data: "3a", id: expect.any(String), seqNum: 5 },
      { data: "", id: "", seqNum: 6, headers: [["trigger-control", "turn-complete"]] },
    ]);
    expect((await records("?afterEventId=5")).map(({ seqNum }) => seqNum)).toEqual([6]);
  });
});

describe("a restart", () => {
  it("keeps records and numbers, and readers find their way back", async () => {
    const { id } = await createSession("kept");
    await write(id, [data(0), data(1)]);
    await test.restart();
    const { start } = await write(id, [data(2)]);
    expect(start.seq_num).toBe(2);
    expect((await readEvents("kept", { "timeout-seconds": "1", "last-event-id": "0" })).seqs).toEqual([1, 2]);
    await vi.waitFor(async () => expect((await fetch(`${test.url}/healthz`)).status).toBe(200));
  });
});
