/** The history of a session, in order: its records in words, and its runs between them. */
import type { InspectedRecord, InspectedRun } from "@/lib/inspected";

export type SessionRecord = InspectedRecord & { io: "in" | "out" };

type RecordKind = "message" | "chunk" | "control" | "command" | "failure";

export type RecordRow = {
  type: "record";
  key: string;
  io: "in" | "out";
  kind: RecordKind;
  /** The SDK's name for it. */
  name: string;
  /** Its content in one line. */
  preview: string;
  /** More than one: chunks of one text, shown as one entry. */
  records: SessionRecord[];
  isQuarantined: boolean;
  bytes: number;
  at: number;
};

export type RunRow = {
  type: "run";
  key: string;
  run: InspectedRun;
  /** 1 for the session's first. */
  number: number;
  edge: "started" | "ended";
  at: number;
};

export type TimelineRow = RecordRow | RunRow;

const PIECES = new Set(["text-delta", "reasoning-delta", "tool-input-delta"]);
const encoder = new TextEncoder();

/** `runs` newest first, `total` of them in all. */
export function timelineOf(records: SessionRecord[], runs: InspectedRun[], total: number): TimelineRow[] {
  const rows: TimelineRow[] = [];
  const oldest = records[0]?.timestamp ?? 0;
  for (const [index, run] of runs.entries()) {
    const number = total - index;
    const [started, ended] = [run.startedAt, run.finishedAt].map((time) => time && Date.parse(time));
    // A run that ended before the oldest kept record has no row.
    if (ended && ended < oldest) continue;
    if (started)
      rows.push({ type: "run", key: `${run.id}-started`, run, number, edge: "started", at: started });
    if (ended) rows.push({ type: "run", key: `${run.id}-ended`, run, number, edge: "ended", at: ended });
  }
  const sorted = [...rows.toSorted(byTime), ...records.map(rowOf)].toSorted(byTime);
  return joinPieces(sorted);
}

function byTime(a: TimelineRow, b: TimelineRow): number {
  return a.at - b.at;
}

/** Joins chunks of one text into one entry. */
function joinPieces(rows: TimelineRow[]): TimelineRow[] {
  const joined: TimelineRow[] = [];
  for (const row of rows) {
    const last = joined.at(-1);
    if (row.type === "record" && last?.type === "record" && isSameText(last, row)) {
      last.records.push(...row.records);
      last.preview += row.preview;
      last.bytes += row.bytes;
    } else joined.push(row.type === "record" ? { ...row, records: [...row.records] } : row);
  }
  return joined;
}

function isSameText(a: RecordRow, b: RecordRow): boolean {
  return a.io === b.io && a.name === b.name && PIECES.has(a.name) && !a.isQuarantined && !b.isQuarantined;
}

/** The list is rebuilt with every line of the watch, but each record is parsed only once. */
const parsedRows = new WeakMap<SessionRecord, RecordRow>();

function rowOf(record: SessionRecord): RecordRow {
  const row = parsedRows.get(record) ?? newRowOf(record);
  parsedRows.set(record, row);
  return row;
}

function newRowOf(record: SessionRecord): RecordRow {
  return {
    type: "record",
    key: `${record.io}-${record.seq}`,
    io: record.io,
    records: [record],
    isQuarantined: record.hidden,
    bytes: encoder.encode(record.body).length,
    at: record.timestamp,
    ...describe(record),
  };
}

type Description = Pick<RecordRow, "kind" | "name" | "preview">;

function describe({ io, body, headers }: SessionRecord): Description {
  const [first] = headers;
  if (first?.[0] === "") {
    const preview = first[1] === "trim" ? "older records may go" : "";
    return { kind: "command", name: first[1], preview };
  }
  const control = headers.find(([name]) => name === "trigger-control")?.[1];
  if (control !== undefined) return { kind: "control", name: control, preview: controlPreview(headers) };
  const { data } = parse(body);
  return io === "in" ? describeInput(data) : describeOutput(data);
}

function controlPreview(headers: SessionRecord["headers"]): string {
  const labels: Record<string, string> = {
    "session-in-event-id": "answered .in up to",
    "session-closed-reason": "reason:",
  };
  return headers.flatMap(([name, value]) => (labels[name] ? `${labels[name]} ${value}` : [])).join(", ");
}

function describeInput(data: unknown): Description {
  const input = asObject(typeof data === "string" ? tryJson(data) : data);
  const payload = asObject(input["payload"]);
  const trigger = textOf(payload["trigger"]);
  if (input["kind"] !== "message")
    return { kind: "message", name: textOf(input["kind"]) || "unknown", preview: "" };
  const name = trigger === "submit-message" || trigger === "" ? "message" : trigger;
  const preview = partsOf(payload["message"]) || (payload["action"] ? JSON.stringify(payload["action"]) : "");
  return { kind: "message", name, preview };
}

function describeOutput(data: unknown): Description {
  const chunk = asObject(data);
  const name = textOf(chunk["type"]) || "record";
  if (name === "error") return { kind: "failure", name, preview: textOf(chunk["errorText"]) };
  if (PIECES.has(name))
    return { kind: "chunk", name, preview: textOf(chunk["delta"] ?? chunk["inputTextDelta"]) };
  const shown = [
    chunk["toolName"],
    chunk["input"],
    chunk["output"],
    chunk["errorText"],
    chunk["data"],
    chunk["messageId"],
  ];
  return {
    kind: "chunk",
    name,
    preview: shown
      .filter((value) => value !== undefined)
      .map(short)
      .join(" "),
  };
}

/** The complete record, for readers who want details. */
export function bodyText({ io, body, headers }: SessionRecord): string {
  const shown: Record<string, unknown> = {};
  if (body !== "") {
    const { data, id } = parse(body);
    const value = io === "in" && typeof data === "string" ? (tryJson(data) ?? data) : data;
    Object.assign(shown, { ...(id ? { id } : {}), data: value });
  }
  if (headers.length > 0)
    shown["headers"] = Object.fromEntries(headers.map(([name, value]) => [name || "command", value]));
  return JSON.stringify(shown, null, 2);
}

function parse(body: string): { data: unknown; id: string } {
  const record = asObject(tryJson(body));
  return { data: record["data"] ?? (body === "" ? "" : body), id: textOf(record["id"]) };
}

function partsOf(message: unknown): string {
  const parts = asObject(message)["parts"];
  if (!Array.isArray(parts)) return "";
  return parts.map((part) => textOf(asObject(part)["text"]) || short(asObject(part)["type"])).join(" ");
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Shown as its own text.
  }
}
