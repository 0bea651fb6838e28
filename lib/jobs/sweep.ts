import "server-only";
/**
 * What happens while nobody looks: requests expire, decisions are delivered, people are told elsewhere, answers that
 * stopped coming go on, the engine hears of what was deleted, and that is removed for good.
 */
import { sweepAttachments } from "@/lib/attachments/attachments";
import { attachmentStore } from "@/lib/attachments/store";
import { lookAfterAll } from "@/lib/jobs/awaited";
import { sweepDeletedChats } from "@/lib/chat/chats/changes";
import { sweepRequests } from "@/lib/chat/requests/deliver";
import { sweepGuests } from "@/lib/chat/chats/guests";
import { notifyWaiting } from "@/lib/chat/requests/notify";
import { db } from "@/lib/db/client";
import { endSessions } from "./end-sessions";
import { sweepLimits } from "@/lib/http/rate-limit";
import { env } from "@/lib/env";
import { requestChannels } from "@/lib/notices/channels";

/** Sweeps once, never twice at a time in this process. Never rejects; false when something is left for the next time. */
export const sweep = oneAtATime("Not every decision could be delivered", async () => {
  await sweepRequests(db);
  return [];
});

/** Tells the engine what was deleted. By itself, because no decision should wait for runs that are being stopped. */
export const endDeleted = oneAtATime("The engine does not know of every deletion", async () => {
  await endSessions(db);
  return [];
});

/** Tells people elsewhere what waits. By itself, because no decision should wait for a slow webhook. */
export const notifyPeople = oneAtATime("Not everybody could be told elsewhere", () =>
  notifyWaiting(db, requestChannels()),
);

/** Looks after the answers that are awaited, so that none is forgotten when its worker dies. */
export const sweepAnswers = oneAtATime("Not every awaited answer could be looked after", lookAfterAll);

/** Removes for good what was deleted. By itself, because no decision should wait for a slow store of files. */
export const removeDeleted = oneAtATime("Not everything that was deleted could be removed", async () => {
  await sweepDeletedChats(db);
  await sweepGuests(db);
  await sweepLimits(db);
  // Last, because the files of those chats are nobody's now.
  await sweepAttachments(db, attachmentStore());
  return [];
});

/** `work` resolves with what failed, or rejects. */
function oneAtATime(complaint: string, work: () => Promise<unknown[]>): () => Promise<boolean> {
  let running: Promise<boolean> | undefined;
  let hasFailed = false;

  async function sweepOnce(): Promise<boolean> {
    const failures = await work().catch((error: unknown) => [error]);
    // Said once per outage: the next time is near.
    if (failures.length > 0 && !hasFailed)
      console.warn(
        `${complaint}, and it is tried again:`,
        ...failures.map((failure) => (failure instanceof Error ? failure.message : failure)),
      );
    hasFailed = failures.length > 0;
    return !hasFailed;
  }
  return () => (running ??= sweepOnce().finally(() => (running = undefined)));
}

const REMOVE_EVERY_MS = 10 * 60 * 1000;
/** Often: each look is at what is due only, and an answer that stopped coming should go on within half a minute. */
const LOOK_EVERY_S = 5;

const shared = globalThis as { holdfastSweep?: NodeJS.Timeout[] };

/** Sweeps again and again for as long as the server lives. Where servers sleep, a cron job asks for it instead. */
export function startSweeping(): void {
  for (const timer of shared.holdfastSweep ?? []) clearInterval(timer);
  const seconds = env.REQUEST_SWEEP_SECONDS;
  if (seconds === 0 || env.VERCEL) return;
  shared.holdfastSweep = [
    setInterval(() => void sweep(), seconds * 1000),
    setInterval(() => void notifyPeople(), seconds * 1000),
    setInterval(() => void endDeleted(), seconds * 1000),
    setInterval(() => void sweepAnswers(), Math.min(seconds, LOOK_EVERY_S) * 1000),
    setInterval(() => void removeDeleted(), REMOVE_EVERY_MS),
  ];
  for (const timer of shared.holdfastSweep) timer.unref();
}
