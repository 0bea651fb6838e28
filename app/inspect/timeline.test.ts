import { expect, it } from "vitest";
import { bodyText, timelineOf, type SessionRecord } from "./timeline";

const START = Date.parse("2026-11-21T12:00:00Z");

function record(io: "in" | "out", seq: number, fields: Partial<SessionRecord> = {}): SessionRecord {
  return { io, seq, timestamp: START + seq, body: "", headers: [], hidden: false, ...fields };
}

function chunk(seq: number, data: Record<string, unknown>, timestamp = START + seq) {
  return record("out", seq, { body: JSON.stringify({ data, id: `c${seq}` }), timestamp });
}

function delta(seq: number, text: string, timestamp?: number) {
  return chunk(seq, { type: "text-delta", id: "t", delta: text }, timestamp);
}

function input(seq: number, data: unknown) {
  return record("in", seq, { body: JSON.stringify({ data: JSON.stringify(data), id: "p" }) });
}

function run(id: string, started: number, ended: number | null, reason = "first") {
  return {
    id,
    reason,
    status: ended === null ? "EXECUTING" : "CRASHED",
    attempt: 1,
    pid: ended === null ? 7 : null,
    version: null,
    machine: null,
    outgrown: null,
    error: null,
    createdAt: new Date(START + started).toISOString(),
    startedAt: new Date(START + started).toISOString(),
    finishedAt: ended === null ? null : new Date(START + ended).toISOString(),
  };
}

it("shows the pieces of one text as one row", () => {
  const rows = timelineOf(
    [delta(0, "Hello "), delta(1, "there"), chunk(2, { type: "text-end", id: "t" })],
    [],
    0,
  );
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatchObject({ name: "text-delta", preview: "Hello there", kind: "chunk" });
  expect(rows[0]).toHaveProperty("records.length", 2);
});

it("leaves what it was given as it was, so the next line of the watch starts afresh", () => {
  const records = [delta(0, "a"), delta(1, "b")];
  timelineOf(records, [], 0);
  expect(timelineOf(records, [], 0)[0]).toMatchObject({ preview: "ab", bytes: expect.any(Number) });
  expect(timelineOf(records, [], 0)[0]).toHaveProperty("records.length", 2);
});

it("puts the end of one run and the start of the next between the records", () => {
  const records = [input(0, { kind: "message" }), delta(1, "0"), delta(2, " 1", START + 100)];
  const rows = timelineOf(records, [run("two", 50, null, "crash"), run("one", 0, 40)], 2);
  expect(rows.map((row) => (row.type === "run" ? `${row.number} ${row.edge}` : row.name))).toEqual([
    "1 started",
    "message",
    "text-delta",
    "1 ended",
    "2 started",
    "text-delta",
  ]);
});

it("says what a person wrote, and what they asked the agent to do", () => {
  const message = { role: "user", parts: [{ type: "text", text: "count to 3" }] };
  const rows = timelineOf(
    [
      input(0, { kind: "message", payload: { trigger: "submit-message", message } }),
      input(1, { kind: "message", payload: { trigger: "action", action: { type: "undo" } } }),
      input(2, { kind: "stop" }),
    ],
    [],
    0,
  );
  expect(rows).toMatchObject([
    { name: "message", preview: "count to 3" },
    { name: "action", preview: '{"type":"undo"}' },
    { name: "stop", preview: "" },
  ]);
});

it("labels what the streams say to themselves", () => {
  const rows = timelineOf(
    [
      record("out", 0, {
        headers: [
          ["trigger-control", "turn-complete"],
          ["session-in-event-id", "4"],
        ],
      }),
      record("out", 1, { headers: [["", "trim"]] }),
      chunk(2, { type: "error", errorText: "It broke." }),
    ],
    [],
    0,
  );
  expect(rows).toMatchObject([
    { kind: "control", name: "turn-complete", preview: "answered .in up to 4" },
    { kind: "command", name: "trim" },
    { kind: "failure", name: "error", preview: "It broke." },
  ]);
});

it("survives a body that is not JSON", () => {
  expect(timelineOf([record("out", 0, { body: "not json" })], [], 0)).toMatchObject([{ name: "record" }]);
  expect(bodyText(record("out", 0, { body: "not json" }))).toContain("not json");
});
