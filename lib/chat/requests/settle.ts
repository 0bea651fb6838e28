/** Ends requests that nobody decided, or whose decision is not carried out. */
import type { DbClient } from "@/lib/db/client";
import type { HumanRequest, Prisma } from "@/prisma/generated/client";
import type { RequestName } from "./pending-calls";
import { expirePending, holdEffectsOf, settleRequestsWithEffect } from "./requests.sql";

/**
 * The person went on without deciding: what the branch still asked is skipped, and what was decided but had to wait
 * for the rest is not carried out either. Returns all requests of these messages.
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
  return endUndone(tx, where, NOT_CARRIED_OUT, { deliveredAt: now, settledAt: now });
}

const NOT_CARRIED_OUT = "Approved, and not carried out: a message was sent before everything was decided.";
const STOPPED = "Approved, and not carried out: the answer was stopped first.";

/**
 * The answer that was to carry out what was decided was stopped. What had not begun by then is not begun later by
 * itself; what waits for a person goes on waiting.
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

/** Nothing comes of what was decided and not settled: an approval says why, and what waits is left alone. */
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

/** What was approved and begun cannot be taken back any more: the ledger says what became of it. */
async function settleBegun(
  tx: DbClient,
  { chatId, messageIds, now }: { chatId: string; messageIds: string[]; now: Date },
): Promise<void> {
  await holdEffectsOf(tx, chatId, messageIds);
  await settleRequestsWithEffect(tx, chatId, messageIds, now);
}

/** The message that asked is written anew: what it asked waits no longer. */
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
