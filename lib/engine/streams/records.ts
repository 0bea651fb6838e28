/** The meaning of a session's records. Pure: it knows the wire forms, not how they are stored. */

export type Header = [name: string, value: string];

export type StreamRecord = {
  seq: number;
  timestamp: number;
  body: string;
  headers: Header[];
  /** A hidden record (a quarantined message) is skipped by every reader; its number stays used. */
  hidden: boolean;
};

/** True for a command to the stream itself (trim, fence): it takes a number but is not data. */
export function isCommand(record: { headers: Header[] }): boolean {
  return record.headers[0]?.[0] === "";
}

export function controlOf(record: { headers: Header[] }): string | undefined {
  return headerOf(record, "trigger-control");
}

function headerOf(record: { headers: Header[] }, name: string): string | undefined {
  return record.headers.find(([key]) => key === name)?.[1];
}

/** Wraps the client's JSON as a string: the SDK relies on the double encoding. */
export function inputBody(data: string, id: string): string {
  return JSON.stringify({ data, id });
}

export function dataBody(data: unknown, id: string): string {
  return JSON.stringify({ data, id });
}

/** Parses a record's body. `data` is a string for `.in` and an object for `.out`, as its writer sent it. */
export function parseBody(body: string): { data: unknown; id: string } {
  try {
    const parsed = JSON.parse(body) as { data?: unknown; id?: unknown };
    return { data: parsed.data ?? "", id: typeof parsed.id === "string" ? parsed.id : "" };
  } catch {
    return { data: "", id: "" }; // A control record has an empty body, and another S2 client may write any text.
  }
}

export type Input = { kind: string; trigger: string | undefined };

export function parseInput(record: { body: string }): Input {
  const { data } = parseBody(record.body);
  try {
    const parsed = JSON.parse(String(data)) as {
      kind?: unknown;
      payload?: { trigger?: unknown } | null;
    } | null;
    const trigger = parsed?.payload?.trigger;
    return { kind: String(parsed?.kind), trigger: typeof trigger === "string" ? trigger : undefined };
  } catch {
    return { kind: "unknown", trigger: undefined };
  }
}

export type InputCursor = {
  /** Every record up to this one was answered. A record that still waits inside the run holds it back. */
  answered: number;
  /** The highest record that a turn has handled. */
  consumed: number;
};

/** Returns the cursor of the newest turn-complete record that has one. Takes `.out` records, newest first. */
export function inputCursor(newestFirst: Iterable<StreamRecord>): InputCursor {
  for (const record of newestFirst) {
    if (controlOf(record) !== "turn-complete") continue;
    const answered = headerOf(record, "session-in-event-id");
    if (answered === undefined) continue;
    const consumed = headerOf(record, "session-in-consumed-id");
    return { answered: Number(answered), consumed: Number(consumed ?? answered) };
  }
  return { answered: -1, consumed: -1 };
}

/**
 * Returns the unanswered records of `.in`. `answered + 1` is the record that a run holds back; the records from there to
 * `consumed` were handled out of order; no finished turn has read the records above `consumed`.
 */
export function pendingInput(records: StreamRecord[], cursor: InputCursor): StreamRecord[] {
  return records.filter((record) => {
    if (record.hidden || isCommand(record)) return false;
    if (record.seq !== cursor.answered + 1 && record.seq <= cursor.consumed) return false;
    const input = parseInput(record);
    return input.kind === "message" && input.trigger !== "close";
  });
}
