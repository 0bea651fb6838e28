/** Guests who are kept by nothing. */
import type { Db } from "@/lib/db/client";

const TWO_DAYS_MS = 2 * 24 * 60 * 60 * 1000;

/**
 * Removes guests who have no chat and no file, and have not been here for two days. Returns how many. A guest who begins
 * a chat at this very moment is locked by that and left alone; one who comes a moment later is refused, never lost.
 */
export function sweepGuests(
  db: Db,
  { now = new Date(), limit = 500 }: { now?: Date; limit?: number } = {},
): Promise<number> {
  const before = new Date(now.getTime() - TWO_DAYS_MS);
  return db.$transaction(async (tx) => {
    const locked = await tx.$queryRaw<{ id: string }[]>`
      SELECT id FROM "User" u
        WHERE "isAnonymous" AND "createdAt" < ${before}
          AND NOT EXISTS (SELECT 1 FROM "Session" s WHERE s."userId" = u.id AND s."updatedAt" >= ${before})
          AND NOT EXISTS (SELECT 1 FROM "Chat" c WHERE c."userId" = u.id)
          AND NOT EXISTS (SELECT 1 FROM "Attachment" a WHERE a."userId" = u.id)
        LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
    // A statement of its own: it sees the chats that were begun until the lock was taken.
    return tx.$executeRaw`
      DELETE FROM "User" u
        WHERE id = ANY(${locked.map(({ id }) => id)})
          AND NOT EXISTS (SELECT 1 FROM "Chat" c WHERE c."userId" = u.id)
          AND NOT EXISTS (SELECT 1 FROM "Attachment" a WHERE a."userId" = u.id)`;
  });
}
