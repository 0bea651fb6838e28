/** Removes guests who own nothing. */
import type { Db } from "@/lib/db/client";
import { lockIdleGuests, removeGuests } from "./guests.sql";

const TWO_DAYS_MS = 2 * 24 * 60 * 60 * 1000;

/**
 * Removes guests who have no chat and no file, and have not visited for two days. Returns how many. A guest who starts a
 * chat at this moment holds a lock and is skipped; one who starts a moment later gets an error, and loses nothing.
 */
export function sweepGuests(
  db: Db,
  { now = new Date(), limit = 500 }: { now?: Date; limit?: number } = {},
): Promise<number> {
  const before = new Date(now.getTime() - TWO_DAYS_MS);
  return db.$transaction(async (tx) => {
    const locked = await lockIdleGuests(tx, before, limit);
    return removeGuests(
      tx,
      locked.map(({ id }) => id),
    );
  });
}
