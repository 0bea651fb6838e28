/** Reads the records on both streams of a chat's session. This needs the secret key, so only a server can. */
import type { UIMessageChunk } from "ai";
import { triggerApi } from "@/lib/trigger-api";

type Header = [name: string, value: string];

export type OutRecord = {
  seq: number;
  /** A chunk of an answer. Control records have none. */
  chunk: UIMessageChunk | undefined;
  /** The end of a turn, and the last input that it answers, or NaN if it names none. */
  turnEnd: TurnEnd | undefined;
};

export type TurnEnd = { answered: number; consumed: number };

export type InRecord = { seq: number; trigger: string; message: unknown; action: unknown };

/**
 * Returns every answer after the cursor up to the end of its turn, with the time of that end. Returns null while an
 * answer is being written, or if it was cut off or never began.
 */
export async function readSettledOutput(
  chatId: string,
  afterEventId: string | null,
): Promise<{ records: OutRecord[]; endedAt: number } | null> {
  const response = await request(chatId, "out", {
    headers: {
      accept: "text/event-stream",
      "x-peek-settled": "1",
      ...(afterEventId !== null && { "last-event-id": afterEventId }),
    },
  });
  if (response.headers.get("x-session-settled") !== "true") {
    await response.body?.cancel();
    // A session that never began or is gone has no records.
    if (!response.ok && response.status !== 404) throw unreadable(chatId, response);
    return null;
  }
  const records = (await response.text())
    .split("\n")
    .filter((line) => line.startsWith('data: {"records"'))
    .flatMap((line) => (JSON.parse(line.slice("data: ".length)) as Batch).records);
  return {
    records: records.flatMap(({ seq_num, body, headers }) => toOutput(seq_num, parse(body)?.data, headers)),
    endedAt: records.at(-1)?.timestamp ?? 0,
  };
}

/** Returns all records on the output stream after the cursor, even if more will follow. */
export async function readOutput(chatId: string, afterEventId: string | null): Promise<OutRecord[]> {
  const records = await readRecords(chatId, "out", afterEventId);
  return records.flatMap(({ seqNum, data, headers }) => toOutput(seqNum, data, headers));
}

/** Returns the inputs after the cursor, including those that the engine gave up and hides from runs. */
export async function readInput(chatId: string, afterEventId: string | null): Promise<InRecord[]> {
  const records = await readRecords(chatId, "in", afterEventId);
  return records.flatMap(({ seqNum, data }) => {
    const { kind, payload } = parse(String(data)) ?? {};
    const { trigger, message, action } = payload ?? {};
    if (kind !== "message" || typeof trigger !== "string" || trigger === "close") return [];
    return [{ seq: seqNum, trigger, message, action }];
  });
}

/** The kind and the number of every record of the input: a question, a stop, or what a head start tells its worker. */
export async function readInputKinds(chatId: string): Promise<{ seq: number; kind: string }[]> {
  const records = await readRecords(chatId, "in", null);
  return records.map(({ seqNum, data }) => ({ seq: seqNum, kind: String(parse(String(data))?.kind) }));
}

/** Appends to the input as the server. A record with the part id of an earlier one is stored once. */
export async function appendInput(chatId: string, record: object, partId: string): Promise<void> {
  const response = await request(chatId, "in/append", {
    method: "POST",
    headers: { "content-type": "application/json", "x-part-id": partId },
    body: JSON.stringify(record),
  });
  if (!response.ok) throw new Error(`Chat ${chatId} took no input (${response.status}).`);
}

type Batch = { records: Array<{ seq_num: number; timestamp: number; body: string; headers?: Header[] }> };
type Drained = { seqNum: number; data: unknown; headers?: Header[] };

async function readRecords(chatId: string, io: "in" | "out", after: string | null): Promise<Drained[]> {
  const query = new URLSearchParams({
    ...(after !== null && { afterEventId: after }),
    // Only our engine has this parameter; Trigger.dev hides no input.
    ...(io === "in" && { hidden: "true" }),
  });
  const response = await request(chatId, `${io}/records?${query}`);
  if (response.status === 404) return [];
  if (!response.ok) throw unreadable(chatId, response);
  return ((await response.json()) as { records: Drained[] }).records;
}

function unreadable(chatId: string, { status }: Response): Error {
  return new Error(`The records of chat ${chatId} could not be read (${status}).`);
}

type Init = { method?: string; headers?: Record<string, string>; body?: string };

async function request(chatId: string, path: string, { headers, ...init }: Init = {}) {
  const api = triggerApi();
  return fetch(`${api.baseURL}/realtime/v1/sessions/${encodeURIComponent(chatId)}/${path}`, {
    ...init,
    headers: { ...headers, ...api.headers },
    signal: AbortSignal.timeout(5_000),
    cache: "no-store",
  });
}

/** A record of the stream of answers, as its readers see it: none for a command to the stream itself. */
export function toOutput(seq: number, data: unknown, headers: Header[] = []): OutRecord[] {
  const value = (name: string) => headers.find(([key]) => key === name)?.[1];
  // A command record of the stream.
  if (headers[0]?.[0] === "") return [];
  if (value("trigger-control") === "turn-complete") {
    const answered = Number(value("session-in-event-id") ?? Number.NaN);
    const consumed = Number(value("session-in-consumed-id") ?? answered);
    return [{ seq, chunk: undefined, turnEnd: { answered, consumed } }];
  }
  const isChunk = typeof data === "object" && data !== null && "type" in data;
  return isChunk ? [{ seq, chunk: data as UIMessageChunk, turnEnd: undefined }] : [];
}

function parse(text: string): { data?: unknown; kind?: unknown; payload?: Payload | null } | undefined {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

type Payload = { trigger?: unknown; message?: unknown; action?: unknown };
