/** What the inspector reads of an engine. Beside the engine, so that the page keeps its types when that is deleted. */
export type InspectedState = "answering" | "awake" | "parked" | "queued" | "at-rest" | "closed";

export type InspectedSession = {
  id: string;
  externalId: string | null;
  task: string;
  state: InspectedState;
  runs: number;
  /** How the newest run ended, or that it lives. */
  runStatus: string | null;
  records: { in: number; out: number };
  createdAt: string;
  activeAt: string;
};

export type InspectedRun = {
  id: string;
  reason: string;
  status: string;
  attempt: number;
  /** Of the worker process, while it lives. */
  pid: number | null;
  version: string | null;
  error: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
};

export type InspectedRecord = {
  seq: number;
  timestamp: number;
  body: string;
  headers: [name: string, value: string][];
  /** Quarantined: no run sees it any more. */
  hidden: boolean;
};

/** One line of the watch: what has changed since the line before. */
export type InspectedEvent = {
  session?: InspectedSession & { unanswered: number; closedReason: string | null };
  /** Newest first. */
  runs?: InspectedRun[];
  in?: InspectedRecord[];
  out?: InspectedRecord[];
};
