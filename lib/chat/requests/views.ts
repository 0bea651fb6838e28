/** What waits and what was decided, for the page. Whoever calls names the reader, or has checked the chat. */
import type { DbClient } from "@/lib/db/client";
import { Prisma } from "@/prisma/generated/client";
import type { DecidedVia, RequestKind, RequestState } from "./save";
import { timestamp } from "@/lib/db/timestamp";
import { pathUp } from "../tree/walk.sql";

/** One request, for all five views of it. */
export type RequestView = {
  chatId: string;
  chatTitle: string | null;
  toolCallId: string;
  messageId: string;
  tool: string;
  kind: RequestKind;
  title: string;
  why: string | null;
  input: unknown;
  schema?: unknown;
  phrase: string | null;
  state: RequestState;
  output?: unknown;
  editedInput?: unknown;
  reason: string | null;
  /** The name of whoever decided. */
  decidedBy: string | null;
  decidedVia: DecidedVia | null;
  decidedAt: string | null;
  expiresAt: string | null;
  createdAt: string;
  /** The message that asks is not on the branch that is shown. */
  onOtherBranch: boolean;
};

/** Of what waits, the oldest are shown, for they have waited longest; of a chat, the newest, which its end shows. */
const MAX_LISTED = 200;

/** Everything that waits for a person in any of their chats, the oldest first. */
export function listWaitingRequests(db: DbClient, userId: string, now = new Date()): Promise<RequestView[]> {
  return read(
    db,
    Prisma.sql`c."userId" = ${userId} AND c."deletedAt" IS NULL AND r.state = 'pending'
      AND (r."expiresAt" IS NULL OR r."expiresAt" > ${timestamp(now)})`,
    Prisma.sql`r."createdAt", r."messageId", r."toolCallId"`,
  );
}

/** What was asked in a chat, the oldest first; of very much, the newest. */
export async function listChatRequests(db: DbClient, chatId: string): Promise<RequestView[]> {
  const newestFirst = await read(
    db,
    Prisma.sql`r."chatId" = ${chatId}`,
    Prisma.sql`r."createdAt" DESC, r."messageId" DESC, r."toolCallId" DESC`,
  );
  return newestFirst.reverse();
}

/**
 * One request, wherever it is: whoever calls knows that the reader may see it. Null when its chat was deleted, and when
 * the name fits several, as it may without the message that asks.
 */
export async function findRequest(
  db: DbClient,
  { chatId, messageId, toolCallId }: { chatId: string; messageId?: string | undefined; toolCallId: string },
): Promise<RequestView | null> {
  const found = await read(
    db,
    Prisma.sql`r."chatId" = ${chatId} AND r."toolCallId" = ${toolCallId} AND c."deletedAt" IS NULL
      ${messageId === undefined ? Prisma.empty : Prisma.sql`AND r."messageId" = ${messageId}`}`,
    Prisma.sql`r."createdAt"`,
  );
  return found.length === 1 ? found[0]! : null;
}

async function read(db: DbClient, where: Prisma.Sql, order: Prisma.Sql): Promise<RequestView[]> {
  // A parent is older than its children, so the climb ends where the message would have to be.
  const path = pathUp(Prisma.sql`r."chatId"`, Prisma.sql`c."headId"`, {
    climbsWhile: Prisma.sql`path."order" > asking."order"`,
  });
  const rows = await db.$queryRaw<RequestView[]>`
    SELECT r."chatId", c.title AS "chatTitle", r."toolCallId", r."messageId", r.tool, r.kind, r.title, r.why, r.input,
      r.schema, r.phrase, r.state, r.output, r."editedInput", r.reason, u.name AS "decidedBy", r."decidedVia",
      ${utc(Prisma.sql`r."decidedAt"`)} AS "decidedAt", ${utc(Prisma.sql`r."expiresAt"`)} AS "expiresAt",
      ${utc(Prisma.sql`r."createdAt"`)} AS "createdAt",
      NOT EXISTS (
        WITH RECURSIVE ${path}
        SELECT 1 FROM path WHERE path."messageId" = r."messageId"
      ) AS "onOtherBranch"
    FROM "HumanRequest" r
      JOIN "Chat" c ON c.id = r."chatId"
      LEFT JOIN LATERAL (
        SELECT min("order") AS "order" FROM "Message" WHERE "chatId" = r."chatId" AND "messageId" = r."messageId"
      ) asking ON true
      LEFT JOIN "User" u ON u.id = r."decidedBy"
    WHERE ${where} ORDER BY ${order} LIMIT ${MAX_LISTED}`;
  return rows;
}

function utc(column: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
