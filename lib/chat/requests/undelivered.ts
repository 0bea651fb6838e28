/** Decisions of which the agent does not know yet, and how often it was told. */
import type { DbClient } from "@/lib/db/client";
import type { Prisma } from "@/prisma/generated/client";
import { claimDeliveries, selectUndelivered } from "./requests.sql";

/** The message of which everything is decided. */
export type Undelivered = { chatId: string; messageId: string };
/** `attempts`: how often it was tried since it last succeeded, this time included. */
export type Delivery = Undelivered & { attempts: number };

const MAX_DOUBLINGS = 6;
const RETRY_AFTER_MS = 5_000;

/**
 * Messages of which everything is decided and the agent does not know it yet, the longest wait first. It is told again
 * when nothing comes of it: the news may have died with a worker.
 */
export function findUndelivered(
  db: DbClient,
  { chatId, limit = 20, now = new Date() }: { chatId?: string; limit?: number; now?: Date } = {},
): Promise<Undelivered[]> {
  return selectUndelivered(db, { chatId, limit, now });
}

/**
 * Those of them that nobody else is about to deliver. The attempt is counted here, before it is made: one that its
 * process does not survive must not be the first thing that every next process does.
 */
export async function claimUndelivered(
  db: DbClient,
  { now = new Date(), ...which }: { chatId?: string; limit?: number; now?: Date } = {},
): Promise<Delivery[]> {
  const found = await findUndelivered(db, { now, ...which });
  return claimDeliveries(db, found, now, MAX_DOUBLINGS);
}

/** The agent knows. */
export function markDelivered(
  db: DbClient,
  { now = new Date(), ...message }: Undelivered & { now?: Date },
): Promise<unknown> {
  return db.humanRequest.updateMany({
    where: unsettled(message),
    data: { deliveredAt: now, deliveries: { increment: 1 }, deliveryAttempts: 0, deliverAfter: null },
  });
}

/** It could not be told. The next attempt waits twice as long as this one did. */
export function postponeDelivery(
  db: DbClient,
  { now = new Date(), attempts, ...message }: Delivery & { now?: Date },
): Promise<unknown> {
  const wait = RETRY_AFTER_MS * 2 ** Math.min(attempts - 1, MAX_DOUBLINGS);
  return db.humanRequest.updateMany({
    where: unsettled(message),
    data: { deliverAfter: new Date(now.getTime() + wait) },
  });
}

function unsettled({ chatId, messageId }: Undelivered): Prisma.HumanRequestWhereInput {
  return { chatId, messageId, state: { not: "pending" }, settledAt: null };
}
