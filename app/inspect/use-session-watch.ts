"use client";

import { useEffect, useReducer } from "react";
import type { InspectedEvent } from "@/lib/inspected";
import type { SessionRecord } from "./timeline";

export type SessionWatch = {
  line: "connecting" | "live" | "lost" | "unknown";
  session: InspectedEvent["session"];
  /** Newest first. */
  runs: NonNullable<InspectedEvent["runs"]>;
  /** As stored, both streams together. */
  records: SessionRecord[];
  /** The number of records left out to keep the page light. */
  dropped: number;
};

type Change = { line: SessionWatch["line"] } | { event: InspectedEvent };

const KEPT = 3_000;
const RETRY_MS = 1_000;
const nothing: SessionWatch = { line: "connecting", session: undefined, runs: [], records: [], dropped: 0 };

/** Live data of one session. Resumes at its cursor when the connection breaks. */
export function useSessionWatch(key: string): SessionWatch {
  const [watch, change] = useReducer(reduce, nothing);
  useEffect(() => {
    const stop = new AbortController();
    void follow(key, stop.signal, change);
    return () => stop.abort();
  }, [key]);
  return watch;
}

function reduce(watch: SessionWatch, change: Change): SessionWatch {
  if ("line" in change) return { ...watch, line: change.line };
  const { session = watch.session, runs = watch.runs, in: input = [], out: output = [] } = change.event;
  if (input.length === 0 && output.length === 0) return { ...watch, line: "live", session, runs };
  const news = [
    ...input.map((record): SessionRecord => ({ ...record, io: "in" })),
    ...output.map((record): SessionRecord => ({ ...record, io: "out" })),
  ];
  const records = [...watch.records, ...news].toSorted((a, b) => a.timestamp - b.timestamp);
  const surplus = Math.max(0, records.length - KEPT);
  return {
    line: "live",
    session,
    runs,
    records: records.slice(surplus),
    dropped: watch.dropped + surplus,
  };
}

async function follow(key: string, signal: AbortSignal, change: (change: Change) => void): Promise<void> {
  const cursors = new URLSearchParams({ session: key });
  while (!signal.aborted) {
    try {
      const response = await fetch(`/inspect/watch?${cursors}`, { signal });
      if (response.status === 404) return change({ line: "unknown" });
      if (!response.ok || !response.body) throw new Error(`The watch answered ${response.status}`);
      for await (const line of linesOf(response.body)) {
        const event = JSON.parse(line) as InspectedEvent;
        for (const io of ["in", "out"] as const) {
          const newest = event[io]?.at(-1);
          if (newest) cursors.set(io, String(newest.seq));
        }
        change({ event });
      }
    } catch {
      // Every failure is handled by retrying; an abort ends the loop.
    }
    if (signal.aborted) return;
    change({ line: "lost" });
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function* linesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const lines = (rest + next.value).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}
