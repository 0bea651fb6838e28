import "server-only";
/** What happens to requests while nobody looks: they expire, decisions are delivered, people are told elsewhere. */
import { sweepRequests } from "./chat/deliver";
import { notifyWaiting } from "./chat/notify";
import { db } from "./db";
import { requestChannels } from "./request-channels";

let running: Promise<boolean> | undefined;
let hasFailed = false;

/** Sweeps once, never twice at a time in this process. Never rejects; false when something is left for the next time. */
export function sweep(): Promise<boolean> {
  running ??= sweepOnce().finally(() => (running = undefined));
  return running;
}

async function sweepOnce(): Promise<boolean> {
  // Neither waits for the other: the engine may be down, or a webhook slow.
  const [delivered, told] = await Promise.allSettled([
    sweepRequests(db),
    notifyWaiting(db, requestChannels()),
  ]);
  const failures = [
    ...(delivered.status === "rejected" ? [delivered.reason] : []),
    ...(told.status === "rejected" ? [told.reason] : told.value),
  ];
  // Said once per outage: the next sweep is seconds away.
  if (failures.length > 0 && !hasFailed)
    console.warn(
      "Not everything about requests could be done, and it is tried again:",
      ...failures.map((failure) => (failure instanceof Error ? failure.message : failure)),
    );
  hasFailed = failures.length > 0;
  return !hasFailed;
}

const shared = globalThis as { holdfastSweep?: NodeJS.Timeout };

/** Sweeps every few seconds for as long as the server lives. Where servers sleep, a cron job asks for it instead. */
export function startSweeping(env: NodeJS.ProcessEnv = process.env): void {
  clearInterval(shared.holdfastSweep);
  const seconds = Number(env.REQUEST_SWEEP_SECONDS || 15);
  if (!(seconds > 0) || env.VERCEL) return;
  shared.holdfastSweep = setInterval(() => void sweep(), seconds * 1000);
  shared.holdfastSweep.unref();
}
