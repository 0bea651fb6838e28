/** Ends requests without a decision, and approved calls that will not run. */
import type { DbClient } from "@/lib/db/client";
import type { HumanRequest, Prisma } from "@/prisma/generated/client";
import type { RequestName } from "./pending-calls";
import { expirePending, holdEffectsOf, settleRequestsWithEffect } from "./requests.sql";

/**
 * The person sent a message instead of deciding: pending requests are skipped, and approved calls that were waiting for
 * the other decisions do not run. Returns all requests of these messages.
 */
export async function skipRequests(
  tx: DbClient,
  { chatId, messageIds, now = new Date() }: { chatId: string; messageIds: string[]; now?: Date },
): Promise<HumanRequest[]> {
  const where = { chatId, messageId: { in: messageIds } };
  await settleBegun(tx, { chatId, messageIds, now });
  await tx.humanRequest.updateMany({
    where: { ...where, state: "pending" },
    data: { state: "skipped", decidedVia: "message", decidedAt: now, deliveredAt: now, settledAt: now },
  });
  return endUndone(tx, where, NOT_RUN, { deliveredAt: now, settledAt: now });
}

const NOT_RUN = "Approved, but not run: a message was sent before every request was decided.";
const STOPPED = "Approved, but not run: the answer was stopped first.";

/**
 * The answer that would have run the approved calls was stopped. Calls that had not begun don't begin later by
 * themselves; pending requests stay pending.
 */
export async function stopRequests(
  tx: DbClient,
  { chatId, calls, now = new Date() }: { chatId: string; calls: RequestName[]; now?: Date },
): Promise<HumanRequest[]> {
  const where = { chatId, OR: calls };
  const asked = await tx.humanRequest.findMany({ where });
  await settleBegun(tx, { chatId, messageIds: asked.map(({ messageId }) => messageId), now });
  return endUndone(tx, where, STOPPED, { settledAt: now });
}

/** Ends decided requests that were not settled: an approval gets the reason, and pending requests are not changed. */
async function endUndone(
  tx: DbClient,
  where: Prisma.HumanRequestWhereInput,
  reason: string,
  ended: { settledAt: Date; deliveredAt?: Date },
): Promise<HumanRequest[]> {
  await tx.humanRequest.updateMany({
    where: { ...where, state: "approved", settledAt: null },
    data: { state: "skipped", reason, ...ended },
  });
  await tx.humanRequest.updateMany({
    where: { ...where, state: { not: "pending" }, settledAt: null },
    data: ended,
  });
  return tx.humanRequest.findMany({ where });
}

/** Approved calls that have begun can't be taken back: their state comes from the ledger. */
async function settleBegun(
  tx: DbClient,
  { chatId, messageIds, now }: { chatId: string; messageIds: string[]; now: Date },
): Promise<void> {
  await holdEffectsOf(tx, chatId, messageIds);
  await settleRequestsWithEffect(tx, chatId, messageIds, now);
}

/** The message was edited or regenerated: its requests are superseded. */
export async function supersedeRequests(
  tx: DbClient,
  { chatId, messageId, now = new Date() }: { chatId: string; messageId: string; now?: Date },
): Promise<void> {
  await settleBegun(tx, { chatId, messageIds: [messageId], now });
  await tx.humanRequest.updateMany({
    where: {
      chatId,
      messageId,
      settledAt: null,
      state: { in: ["pending", "approved", "answered", "denied"] },
    },
    data: { state: "superseded", decidedAt: now, deliveredAt: now, settledAt: now },
  });
}

/** Whatever nobody decided in time. Returns how many. */
export async function expireRequests(db: DbClient, now = new Date()): Promise<number> {
  return expirePending(db, now);
}
