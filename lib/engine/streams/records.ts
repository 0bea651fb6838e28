/** What the records of a session mean. Pure: knows the wire forms, nothing about storage. */

export type Header = [name: string, value: string];

export type StreamRecord = {
  seq: number;
  timestamp: number;
  body: string;
  headers: Header[];
  /** Taken out of everybody's sight (a quarantined message); its number stays used. */
  hidden: boolean;
};

/** A command to the stream itself (trim, fence): it takes a number but is not data. */
export function isCommand(record: { headers: Header[] }): boolean {
  return record.headers[0]?.[0] === "";
}

export function controlOf(record: { headers: Header[] }): string | undefined {
  return headerOf(record, "trigger-control");
}

function headerOf(record: { headers: Header[] }, name: string): string | undefined {
  return record.headers.find(([key]) => key === name)?.[1];
}

/** The client's JSON stays a string inside: the SDK relies on the double encoding. */
export function inputBody(data: string, id: string): string {
  return JSON.stringify({ data, id });
}

export function dataBody(data: unknown, id: string): string {
  return JSON.stringify({ data, id });
}

/** `data` is a string for `.in` and an object for `.out`; both go back out as they came in. */
export function parseBody(body: string): { data: unknown; id: string } {
  try {
    const parsed = JSON.parse(body) as { data?: unknown; id?: unknown };
    return { data: parsed.data ?? "", id: typeof parsed.id === "string" ? parsed.id : "" };
  } catch {
    return { data: "", id: "" }; // A control record has no body; an S2 client of its own may write anything.
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
  /** Everything at or below was answered. Held back behind records that wait in the run. */
  answered: number;
  /** The highest record a turn has handled. */
  consumed: number;
};

/** Cursor of the newest turn-complete that carries one. `records` are `.out` records, newest first. */
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
 * The records of `.in` that still want an answer. `answered + 1` is the record a run holds back on; between it and
 * `consumed` lie records that were handled out of order; above `consumed` nothing was seen by a finished turn.
 */
export function pendingInput(records: StreamRecord[], cursor: InputCursor): StreamRecord[] {
  return records.filter((record) => {
    if (record.hidden || isCommand(record)) return false;
    if (record.seq !== cursor.answered + 1 && record.seq <= cursor.consumed) return false;
    const input = parseInput(record);
    return input.kind === "message" && input.trigger !== "close";
  });
}
