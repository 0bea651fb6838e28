/** What the inspector reads from an engine. Outside lib/engine, so that the page keeps its types without it. */
export type InspectedState = "answering" | "awake" | "parked" | "queued" | "at-rest" | "closed";

export type InspectedSession = {
  id: string;
  externalId: string | null;
  task: string;
  state: InspectedState;
  runs: number;
  /** How the newest run ended, or that it is running. */
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
  /** The worker process, while it runs. */
  pid: number | null;
  version: string | null;
  /** The machine preset, and a smaller one on which an earlier attempt ran out of memory. */
  machine: string | null;
  outgrown: string | null;
  error: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
};

/** A task that runs by itself, when its cron pattern says. */
export type InspectedSchedule = {
  task: string;
  cron: string;
  timezone: string;
  nextAt: string | null;
  lastRun: { id: string; status: string; createdAt: string; finishedAt: string | null } | null;
};

export type InspectedRecord = {
  seq: number;
  timestamp: number;
  body: string;
  headers: [name: string, value: string][];
  /** Quarantined: runs no longer see it. */
  hidden: boolean;
};

/** One line of the watch stream: what has changed since the previous line. */
export type InspectedEvent = {
  session?: InspectedSession & { unanswered: number; closedReason: string | null };
  /** Newest first. */
  runs?: InspectedRun[];
  in?: InspectedRecord[];
  out?: InspectedRecord[];
};
