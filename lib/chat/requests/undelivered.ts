/** Decisions that were not delivered to the agent yet, and the attempts to deliver them. */
import type { DbClient } from "@/lib/db/client";
import type { Prisma } from "@/prisma/generated/client";
import { claimDeliveries, selectUndelivered } from "./requests.sql";

/** A message with all its requests decided. */
export type Undelivered = { chatId: string; messageId: string };
/** `attempts`: attempts since the last success, including this one. */
export type Delivery = Undelivered & { attempts: number };

const MAX_DOUBLINGS = 6;
const RETRY_AFTER_MS = 5_000;

/**
 * Messages with all requests decided that the agent has not acted on, the longest wait first. A delivery is repeated when
 * nothing comes of it: its worker may have died.
 */
export function findUndelivered(
  db: DbClient,
  { chatId, limit = 20, now = new Date() }: { chatId?: string; limit?: number; now?: Date } = {},
): Promise<Undelivered[]> {
  return selectUndelivered(db, { chatId, limit, now });
}

/**
 * Claims undelivered decisions that no other process is delivering. The attempt is counted before it is made: a delivery
 * that crashes its process must not be the first thing that every next process tries.
 */
export async function claimUndelivered(
  db: DbClient,
  { now = new Date(), ...which }: { chatId?: string; limit?: number; now?: Date } = {},
): Promise<Delivery[]> {
  const found = await findUndelivered(db, { now, ...which });
  return claimDeliveries(db, found, now, MAX_DOUBLINGS);
}

/** The agent was woken. */
export function markDelivered(
  db: DbClient,
  { now = new Date(), ...message }: Undelivered & { now?: Date },
): Promise<unknown> {
  return db.humanRequest.updateMany({
    where: unsettled(message),
    data: { deliveredAt: now, deliveries: { increment: 1 }, deliveryAttempts: 0, deliverAfter: null },
  });
}

/** The delivery failed. The delay doubles with each attempt. */
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
