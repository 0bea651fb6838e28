/** Decisions of which the agent does not know yet, and how often it was told. */
import type { DbClient } from "@/lib/db/client";
import { Prisma } from "@/prisma/generated/client";
import { timestamp } from "@/lib/db/timestamp";

/** The message of which everything is decided. */
export type Undelivered = { chatId: string; messageId: string };
/** `attempts`: how often it was tried since it last succeeded, this time included. */
export type Delivery = Undelivered & { attempts: number };

/** How often the agent is told of decisions from which nothing comes, and how long it has each time. */
const MAX_DELIVERIES = 4;
const RETELL_AFTER = Prisma.sql`interval '1 minute'`;
/** As long when an answer seems to be under way: it may be a long one, or its worker died before it could save it. */
const RETELL_AFTER_WHILE_RUNNING = Prisma.sql`interval '10 minutes'`;

/** A process that dies of an attempt takes nobody else along for this long, and longer each time. */
const CLAIM = Prisma.sql`interval '1 minute'`;
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
  const at = timestamp(now);
  return db.$queryRaw`
    SELECT r."chatId", r."messageId" FROM "HumanRequest" r JOIN "Chat" c ON c.id = r."chatId" AND c."deletedAt" IS NULL
    WHERE ${isDue(at)}
      ${chatId === undefined ? Prisma.empty : Prisma.sql`AND r."chatId" = ${chatId}`}
      AND NOT EXISTS (
        SELECT 1 FROM "HumanRequest" o
        WHERE o."chatId" = r."chatId" AND o."messageId" = r."messageId" AND o.state = 'pending'
      )
    GROUP BY r."chatId", r."messageId" ORDER BY min(r."decidedAt") LIMIT ${limit}`;
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
  const [chatIds, messageIds] = [found.map(({ chatId }) => chatId), found.map(({ messageId }) => messageId)];
  const at = timestamp(now);
  return db.$queryRaw`
    WITH claimed AS (
      UPDATE "HumanRequest" r SET "deliveryAttempts" = r."deliveryAttempts" + 1,
        "deliverAfter" = ${at} + ${CLAIM} * power(2, least(r."deliveryAttempts", ${MAX_DOUBLINGS}))
      FROM "Chat" c
      WHERE c.id = r."chatId" AND ${isDue(at)}
        AND (r."chatId", r."messageId") IN (SELECT * FROM unnest(${chatIds}::text[], ${messageIds}::text[]))
      RETURNING r."chatId", r."messageId", r."deliveryAttempts", r."decidedAt"
    )
    SELECT "chatId", "messageId", max("deliveryAttempts") AS attempts FROM claimed
    GROUP BY "chatId", "messageId" ORDER BY min("decidedAt")`;
}

/** Of a request `r` of chat `c`. Both statements ask it: somebody else may have delivered in between. */
function isDue(at: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`r.state <> 'pending' AND r."settledAt" IS NULL
    AND (r."deliverAfter" IS NULL OR r."deliverAfter" <= ${at})
    AND (r."deliveredAt" IS NULL OR (
      r.deliveries < ${MAX_DELIVERIES} AND r."deliveredAt" + r.deliveries
        * CASE c.status WHEN 'running' THEN ${RETELL_AFTER_WHILE_RUNNING} ELSE ${RETELL_AFTER} END < ${at}
    ))`;
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
