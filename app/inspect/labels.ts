import type { InspectedState } from "@/lib/inspected";

export type Tone = "good" | "plain" | "quiet" | "bad";

export const states: Record<InspectedState, { word: string; tone: Tone; meaning: string }> = {
  answering: {
    word: "Answering",
    tone: "good",
    meaning: "A run is answering a message.",
  },
  awake: {
    word: "Awake",
    tone: "plain",
    meaning: "A run is kept in memory, so the next answer starts right away.",
  },
  parked: {
    word: "Parked",
    tone: "plain",
    meaning: "The run is asleep. A message wakes it; after a while its process is released.",
  },
  queued: {
    word: "Queued",
    tone: "plain",
    meaning: "All workers are busy. The run starts when one is free.",
  },
  "at-rest": { word: "Idle", tone: "quiet", meaning: "No run is active. The next message starts one." },
  closed: { word: "Closed", tone: "quiet", meaning: "The session no longer accepts messages." },
};

const reasons: Record<string, { word: string; meaning: string }> = {
  first: { word: "First run", meaning: "The session started with this run." },
  continuation: {
    word: "Continuation",
    meaning: "The previous run ended normally; a message started this one.",
  },
  crash: {
    word: "After a crash",
    meaning: "The previous run crashed before it answered a message; this one answers it.",
  },
  recovery: {
    word: "After a crash",
    meaning: "The previous run ended before it answered a message; this one answers it.",
  },
  restart: {
    word: "After a restart",
    meaning: "The engine restarted; this run continues with the unanswered input.",
  },
  upgrade: { word: "Upgrade", meaning: "The previous run handed over to a newer version of the agent." },
  schedule: { word: "Scheduled", meaning: "Its cron pattern started it." },
  trigger: { word: "Triggered", meaning: "Started manually or by another run." },
};

export function reasonOf(reason: string): { word: string; meaning: string } {
  return reasons[reason] ?? { word: reason, meaning: "" };
}

/** What happened to a run that needed a larger machine. */
export function outOfMemory(outgrown: string, machine: string | null): string {
  return `Out of memory on ${outgrown}${machine === null ? "" : `, retried on ${machine}`}`;
}

const statuses: Record<string, { word: string; tone: Tone }> = {
  QUEUED: { word: "Queued", tone: "plain" },
  EXECUTING: { word: "Running", tone: "good" },
  WAITING: { word: "Parked", tone: "plain" },
  COMPLETED: { word: "Completed", tone: "quiet" },
  FAILED: { word: "Failed", tone: "bad" },
  CRASHED: { word: "Crashed", tone: "bad" },
  CANCELED: { word: "Canceled", tone: "quiet" },
  TIMED_OUT: { word: "Timed out", tone: "bad" },
  EXPIRED: { word: "Expired", tone: "bad" },
};

export function statusOf(status: string): { word: string; tone: Tone } {
  return statuses[status] ?? { word: status, tone: "plain" };
}

export function agoOf(time: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - time) / 1000));
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}

/** Formats a duration with useful precision: 0.42 s, or 12 min 3 s. */
export function spanOf(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

export function clockOf(time: number): string {
  const date = new Date(time);
  const pad = (value: number, digits = 2) => String(value).padStart(digits, "0");
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}

export function sizeOf(bytes: number): string {
  return bytes < 1_000 ? `${bytes} B` : `${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
}

/** The time of a start, with the date when it isn't today. */
export function startOf(time: number): string {
  const date = new Date(time);
  if (date.toDateString() === new Date().toDateString()) return clockOf(time);
  return `${date.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, ${clockOf(time)}`;
}
