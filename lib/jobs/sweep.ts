import "server-only";
/**
 * Background work: requests expire, decisions are delivered, people are notified, interrupted answers continue, and
 * deleted chats are ended in the engine and later removed for good.
 */
import { sweepAttachments } from "@/lib/attachments/attachments";
import { attachmentStore } from "@/lib/attachments/store";
import { lookAfterAll } from "@/lib/jobs/awaited";
import { sweepDeletedChats } from "@/lib/chat/chats/changes";
import { sweepRequests } from "@/lib/chat/requests/deliver";
import { sweepGuests } from "@/lib/chat/chats/guests";
import { restartDeadJobs } from "@/lib/chat/long-jobs/long-jobs";
import { notifyWaiting } from "@/lib/chat/requests/notify";
import { db } from "@/lib/db/client";
import { endSessions } from "./end-sessions";
import { sweepLimits } from "@/lib/http/rate-limit";
import { env } from "@/lib/env";
import { removeOldEvents } from "@/lib/events/accept-event";
import { deliverAllEvents } from "@/lib/events/deliver-events";
import { requestChannels } from "@/lib/notices/channels";

/** Expires requests and delivers decisions. Like the others it runs once at a time, never rejects, and resolves with
 * false when something is left for the next run. */
export const sweep = oneAtATime("Some decisions could not be delivered", async () => {
  await sweepRequests(db);
  return [];
});

/** Ends the sessions of deleted chats. Separate, so that no decision waits for runs that are being stopped. */
export const endDeleted = oneAtATime("Some sessions of deleted chats could not be ended", async () => {
  await endSessions(db);
  return [];
});

/** Notifies people of pending requests. Separate, so that no decision waits for a slow webhook. */
export const notifyPeople = oneAtATime("Some notifications could not be sent", () =>
  notifyWaiting(db, requestChannels()),
);

/** Checks on pending answers, so that none is lost when its worker dies. */
export const sweepAnswers = oneAtATime("Some pending answers could not be checked", lookAfterAll);

/** Tells the agents about events that a process recorded and did not deliver. */
export const sweepEvents = oneAtATime("Some events could not be delivered", () => deliverAllEvents(db));

/** Starts long jobs again whose worker died. */
export const sweepJobs = oneAtATime("Some long jobs could not be checked", () => restartDeadJobs(db));

/** Removes deleted chats for good. Separate, so that no decision waits for a slow file store. */
export const removeDeleted = oneAtATime("Some deleted chats or files could not be removed", async () => {
  await sweepDeletedChats(db);
  await sweepGuests(db);
  await sweepLimits(db);
  await removeOldEvents(db);
  // Last, because the files of the removed chats have no owner now.
  await sweepAttachments(db, attachmentStore());
  return [];
});

/** `work` resolves with its failures, or rejects. */
function oneAtATime(complaint: string, work: () => Promise<unknown[]>): () => Promise<boolean> {
  let running: Promise<boolean> | undefined;
  let hasFailed = false;

  async function sweepOnce(): Promise<boolean> {
    const failures = await work().catch((error: unknown) => [error]);
    // Logged once per outage, because the next run is soon.
    if (failures.length > 0 && !hasFailed)
      console.warn(
        `${complaint}. Trying again:`,
        ...failures.map((failure) => (failure instanceof Error ? failure.message : failure)),
      );
    hasFailed = failures.length > 0;
    return !hasFailed;
  }
  return () => (running ??= sweepOnce().finally(() => (running = undefined)));
}

const REMOVE_EVERY_MS = 10 * 60 * 1000;
/** Often: each check reads only what is due, and an interrupted answer should continue within half a minute. */
const CHECK_EVERY_S = 5;

const shared = globalThis as { holdfastSweep?: NodeJS.Timeout[] };

/** Starts the timers of the background work. Where servers sleep, a cron job calls `/requests/sweep` instead. */
export function startSweeping(): void {
  for (const timer of shared.holdfastSweep ?? []) clearInterval(timer);
  const seconds = env.REQUEST_SWEEP_SECONDS;
  if (seconds === 0 || env.VERCEL) return;
  shared.holdfastSweep = [
    setInterval(() => void sweep(), seconds * 1000),
    setInterval(() => void notifyPeople(), seconds * 1000),
    setInterval(() => void endDeleted(), seconds * 1000),
    setInterval(() => void sweepAnswers(), Math.min(seconds, CHECK_EVERY_S) * 1000),
    setInterval(() => void sweepEvents(), Math.min(seconds, CHECK_EVERY_S) * 1000),
    setInterval(() => void sweepJobs(), Math.min(seconds, CHECK_EVERY_S) * 1000),
    setInterval(() => void removeDeleted(), REMOVE_EVERY_MS),
  ];
  for (const timer of shared.holdfastSweep) timer.unref();
}
