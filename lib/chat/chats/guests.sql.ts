/** Statements about guests: the sweep, and the move to an account. In SQL, so that no `updatedAt` changes. */
import { command, query, sql, text } from "@/lib/db/statement";

const ownsNothing = sql`
  NOT EXISTS (SELECT 1 FROM "Chat" c WHERE c."userId" = u.id)
  AND NOT EXISTS (SELECT 1 FROM "Attachment" a WHERE a."userId" = u.id)`;

/** Locks the guests who may be swept: a guest who is just starting a chat is skipped. */
export const lockIdleGuests = query(
  { id: text() },
  (before: Date, limit: number) => sql`
    SELECT id FROM "User" u
    WHERE "isAnonymous" AND "createdAt" < ${before}
      AND NOT EXISTS (SELECT 1 FROM "Session" s WHERE s."userId" = u.id AND s."updatedAt" >= ${before})
      AND ${ownsNothing}
    LIMIT ${limit} FOR UPDATE SKIP LOCKED`,
  [new Date(0), 500],
);

/** A statement of its own, so that it sees chats that were started before the lock was taken. */
export const removeGuests = command(
  (ids: string[]) => sql`DELETE FROM "User" u WHERE id = ANY(${ids}) AND ${ownsNothing}`,
  [["a-guest"]],
);

export const lockGuest = query(
  { id: text() },
  (guestId: string) => sql`SELECT id FROM "User" WHERE id = ${guestId} AND "isAnonymous" FOR UPDATE`,
  ["a-guest"],
);

type Move = { guestId: string; userId: string };
const aMove = { guestId: "a-guest", userId: "a-person" };

export const moveChats = command(
  ({ guestId, userId }: Move) => sql`UPDATE "Chat" SET "userId" = ${userId} WHERE "userId" = ${guestId}`,
  [aMove],
);
export const moveFiles = command(
  ({ guestId, userId }: Move) =>
    sql`UPDATE "Attachment" SET "userId" = ${userId} WHERE "userId" = ${guestId}`,
  [aMove],
);
export const moveDecisions = command(
  ({ guestId, userId }: Move) => sql`
    UPDATE "HumanRequest" SET "decidedBy" = ${userId} WHERE "decidedBy" = ${guestId}`,
  [aMove],
);
export const movePermissions = command(
  ({ guestId, userId }: Move) => sql`
    UPDATE "ToolPermission" SET "grantedBy" = ${userId} WHERE "grantedBy" = ${guestId}`,
  [aMove],
);
export const moveSpending = command(
  ({ guestId, userId }: Move) => sql`UPDATE "Spending" SET "userId" = ${userId} WHERE "userId" = ${guestId}`,
  [aMove],
);
