/**
 * Telling people elsewhere that something waits for them. A request is told to each channel once. Before that it is
 * claimed for a while, in one statement, so several processes may sweep at the same time; whoever dies in between
 * leaves it to a later sweep, and then a channel may hear of it twice.
 */
import type { DbClient } from "@/lib/db/client";
import type { RequestName } from "./pending-calls";

/** A request that waits, for whoever is not looking at the chat. */
export type Notice = RequestName & {
  chatId: string;
  kind: string;
  tool: string;
  title: string;
  why: string | null;
  createdAt: Date;
  expiresAt: Date | null;
  /** The chat's owner. A guest has no address. */
  owner: { id: string; name: string; email: string | null };
};

/** Rejects when the notice did not arrive: it is told again later. */
export type Channel = { name: string; tell: (notice: Notice) => Promise<void> };

type Claimed = Omit<Notice, "owner"> & {
  notifiedVia: string[];
  ownerId: string;
  ownerName: string;
  ownerEmail: string | null;
};

const NOTICES_AT_ONCE = 20;

/** Tells the channels of everything that waits and that they have not heard of. Returns what could not be told. */
export async function notifyWaiting(
  db: DbClient,
  channels: Channel[],
  now = () => new Date(),
): Promise<unknown[]> {
  const failures: unknown[] = [];
  if (channels.length === 0) return failures;
  for (;;) {
    const claimed = await claim(db, now());
    await Promise.all(claimed.map(async (row) => failures.push(...(await tellAll(db, channels, row, now)))));
    if (claimed.length < NOTICES_AT_ONCE) return failures;
  }
}

/** The longer a request waits untold, the longer until it is tried again. */
function claim(db: DbClient, now: Date): Promise<Claimed[]> {
  const at = now.toISOString().slice(0, -1);
  return db.$queryRaw`
    UPDATE "HumanRequest" r
    SET "notifyAfter" = ${at}::text::timestamp + greatest(interval '2 minutes', ${at}::text::timestamp - r."createdAt")
    FROM "Chat" c JOIN "User" u ON u.id = c."userId"
    WHERE c.id = r."chatId" AND (r."chatId", r."messageId", r."toolCallId") IN (
      SELECT w."chatId", w."messageId", w."toolCallId" FROM "HumanRequest" w JOIN "Chat" o ON o.id = w."chatId" AND o."deletedAt" IS NULL
      WHERE w.state = 'pending' AND w."notifiedAt" IS NULL
        AND (w."notifyAfter" IS NULL OR w."notifyAfter" <= ${at}::text::timestamp)
        AND (w."expiresAt" IS NULL OR w."expiresAt" > ${at}::text::timestamp)
      ORDER BY w."createdAt" LIMIT ${NOTICES_AT_ONCE} FOR UPDATE OF w SKIP LOCKED
    )
    RETURNING r."chatId", r."messageId", r."toolCallId", r.kind, r.tool, r.title, r.why, r."createdAt", r."expiresAt",
      r."notifiedVia", u.id AS "ownerId", u.name AS "ownerName",
      CASE WHEN NOT u."isAnonymous" AND u."emailVerified" THEN u.email END AS "ownerEmail"`;
}

async function tellAll(db: DbClient, channels: Channel[], row: Claimed, now: () => Date): Promise<unknown[]> {
  const { notifiedVia, ownerId, ownerName, ownerEmail, ...request } = row;
  const { chatId, messageId, toolCallId } = request;
  const where = { chatId, messageId, toolCallId };
  const notice: Notice = { ...request, owner: { id: ownerId, name: ownerName, email: ownerEmail } };
  const outcomes = await Promise.allSettled(
    channels
      .filter(({ name }) => !notifiedVia.includes(name))
      .map(async ({ name, tell }) => {
        await tell(notice);
        await db.humanRequest.updateMany({
          where,
          data: { notifiedVia: { push: name } },
        });
      }),
  );
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (failures.length === 0) await db.humanRequest.updateMany({ where, data: { notifiedAt: now() } });
  return failures;
}
