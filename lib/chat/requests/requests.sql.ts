/** Statements about requests: reading them, claiming work on them, and changes that depend on other tables. */
import {
  bool,
  command,
  empty,
  integer,
  json,
  orNull,
  query,
  sql,
  text,
  textArray,
  timestamp,
  utc,
  type Sql,
} from "@/lib/db/statement";
import { toStored } from "../message-versions";
import { pathUp } from "../tree/walk.sql";
import type { DecidedVia, RequestKind, RequestState } from "./row";

// ── Reading ──

export type RequestSelection =
  | { of: "waiting"; userId: string; now: Date }
  | { of: "chat"; chatId: string }
  | { of: "one"; chatId: string; messageId?: string | undefined; toolCallId: string };

export const selectRequests = query(
  {
    chatId: text(),
    chatTitle: orNull(text()),
    toolCallId: text(),
    messageId: text(),
    tool: text(),
    kind: text<RequestKind>(),
    title: text(),
    why: orNull(text()),
    input: json<unknown>(),
    schema: orNull(json<unknown>()),
    phrase: orNull(text()),
    state: text<RequestState>(),
    output: orNull(json<unknown>()),
    editedInput: orNull(json<unknown>()),
    reason: orNull(text()),
    decidedBy: orNull(text()),
    decidedVia: orNull(text<DecidedVia>()),
    decidedAt: orNull(text()),
    expiresAt: orNull(text()),
    createdAt: text(),
    onOtherBranch: bool(),
  },
  (selection: RequestSelection, limit: number) => {
    // A parent is older than its children, so the climb ends where the message would have to be.
    const path = pathUp(sql`r."chatId"`, sql`c."headId"`, {
      climbsWhile: sql`path."order" > asking."order"`,
    });
    const { where, orderBy } = conditions(selection);
    return sql`
      SELECT r."chatId", c.title AS "chatTitle", r."toolCallId", r."messageId", r.tool, r.kind, r.title, r.why, r.input,
        r.schema, r.phrase, r.state, r.output, r."editedInput", r.reason, u.name AS "decidedBy", r."decidedVia",
        ${isoDate(sql`r."decidedAt"`)} AS "decidedAt", ${isoDate(sql`r."expiresAt"`)} AS "expiresAt",
        ${isoDate(sql`r."createdAt"`)} AS "createdAt",
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
      WHERE ${where} ORDER BY ${orderBy} LIMIT ${limit}`;
  },
  [{ of: "waiting", userId: "a-person", now: new Date(0) }, 200],
  [{ of: "chat", chatId: "a-chat" }, 200],
  [{ of: "one", chatId: "a-chat", toolCallId: "a-call" }, 200],
  [{ of: "one", chatId: "a-chat", messageId: "a-message", toolCallId: "a-call" }, 200],
);

function conditions(selection: RequestSelection): { where: Sql; orderBy: Sql } {
  switch (selection.of) {
    case "waiting":
      return {
        where: sql`c."userId" = ${selection.userId} AND c."deletedAt" IS NULL AND r.state = 'pending'
          AND (r."expiresAt" IS NULL OR r."expiresAt" > ${utc(selection.now)})`,
        orderBy: sql`r."createdAt", r."messageId", r."toolCallId"`,
      };
    case "chat":
      return {
        where: sql`r."chatId" = ${selection.chatId}`,
        orderBy: sql`r."createdAt" DESC, r."messageId" DESC, r."toolCallId" DESC`,
      };
    case "one": {
      const { chatId, messageId, toolCallId } = selection;
      return {
        where: sql`r."chatId" = ${chatId} AND r."toolCallId" = ${toolCallId} AND c."deletedAt" IS NULL
          ${messageId === undefined ? empty : sql`AND r."messageId" = ${messageId}`}`,
        orderBy: sql`r."createdAt"`,
      };
    }
  }
}

function isoDate(column: Sql): Sql {
  return sql`to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

// ── Notifying people ──

/** Claims requests that people were not notified of. The longer one has waited, the longer until its next attempt. */
export const claimUnnotified = query(
  {
    chatId: text(),
    messageId: text(),
    toolCallId: text(),
    kind: text(),
    tool: text(),
    title: text(),
    why: orNull(text()),
    createdAt: timestamp(),
    expiresAt: orNull(timestamp()),
    notifiedVia: textArray(),
    ownerId: text(),
    ownerName: text(),
    ownerEmail: orNull(text()),
  },
  (now: Date, limit: number) => {
    const at = utc(now);
    return sql`
      UPDATE "HumanRequest" r
      SET "notifyAfter" = ${at} + greatest(interval '2 minutes', ${at} - r."createdAt")
      FROM "Chat" c JOIN "User" u ON u.id = c."userId"
      WHERE c.id = r."chatId" AND (r."chatId", r."messageId", r."toolCallId") IN (
        SELECT w."chatId", w."messageId", w."toolCallId"
        FROM "HumanRequest" w JOIN "Chat" o ON o.id = w."chatId" AND o."deletedAt" IS NULL
        WHERE w.state = 'pending' AND w."notifiedAt" IS NULL
          AND (w."notifyAfter" IS NULL OR w."notifyAfter" <= ${at})
          AND (w."expiresAt" IS NULL OR w."expiresAt" > ${at})
        ORDER BY w."createdAt" LIMIT ${limit} FOR UPDATE OF w SKIP LOCKED
      )
      RETURNING r."chatId", r."messageId", r."toolCallId", r.kind, r.tool, r.title, r.why, r."createdAt", r."expiresAt",
        COALESCE(r."notifiedVia", '{}') AS "notifiedVia", u.id AS "ownerId", u.name AS "ownerName",
        CASE WHEN NOT u."isAnonymous" AND u."emailVerified" THEN u.email END AS "ownerEmail"`;
  },
  [new Date(0), 20],
);

// ── Delivering decisions to agents ──

/** How often the agent is told of decisions that it does not act on, and how long it has each time. */
const MAX_DELIVERIES = 4;
const REDELIVER_AFTER = sql`interval '1 minute'`;
/** Longer while an answer is being written: it may be a long one, or its worker died before saving it. */
const REDELIVER_AFTER_WHILE_RUNNING = sql`interval '10 minutes'`;

/** A delivery that kills its process is claimed for this long, and longer each time, so that others continue. */
const CLAIM = sql`interval '1 minute'`;

type Due = { chatId?: string | undefined; limit: number; now: Date };

/** Messages with all requests decided that the agent has not acted on, the longest wait first. */
export const selectUndelivered = query(
  { chatId: text(), messageId: text() },
  ({ chatId, limit, now }: Due) => sql`
    SELECT r."chatId", r."messageId" FROM "HumanRequest" r JOIN "Chat" c ON c.id = r."chatId" AND c."deletedAt" IS NULL
    WHERE ${isDue(utc(now))}
      ${chatId === undefined ? empty : sql`AND r."chatId" = ${chatId}`}
      AND NOT EXISTS (
        SELECT 1 FROM "HumanRequest" o
        WHERE o."chatId" = r."chatId" AND o."messageId" = r."messageId" AND o.state = 'pending'
      )
    GROUP BY r."chatId", r."messageId" ORDER BY min(r."decidedAt") LIMIT ${limit}`,
  [{ limit: 20, now: new Date(0) }],
  [{ chatId: "a-chat", limit: 20, now: new Date(0) }],
);

type MessageName = { chatId: string; messageId: string };

export const claimDeliveries = query(
  { chatId: text(), messageId: text(), attempts: integer() },
  (messages: MessageName[], now: Date, maxDoublings: number) => sql`
    WITH claimed AS (
      UPDATE "HumanRequest" r SET "deliveryAttempts" = r."deliveryAttempts" + 1,
        "deliverAfter" = ${utc(now)} + ${CLAIM} * power(2, least(r."deliveryAttempts", ${maxDoublings}))
      FROM "Chat" c
      WHERE c.id = r."chatId" AND ${isDue(utc(now))}
        AND (r."chatId", r."messageId") IN (
          SELECT * FROM unnest(${messages.map(({ chatId }) => chatId)}::text[], ${messages.map(({ messageId }) => messageId)}::text[])
        )
      RETURNING r."chatId", r."messageId", r."deliveryAttempts", r."decidedAt"
    )
    SELECT "chatId", "messageId", max("deliveryAttempts") AS attempts FROM claimed
    GROUP BY "chatId", "messageId" ORDER BY min("decidedAt")`,
  [[{ chatId: "a-chat", messageId: "a-message" }], new Date(0), 6],
);

/** On a request `r` of a chat `c`. Both statements check it, because another process may deliver in between. */
function isDue(at: Sql): Sql {
  return sql`r.state <> 'pending' AND r."settledAt" IS NULL
    AND (r."deliverAfter" IS NULL OR r."deliverAfter" <= ${at})
    AND (r."deliveredAt" IS NULL OR (
      r.deliveries < ${MAX_DELIVERIES} AND r."deliveredAt" + r.deliveries
        * CASE c.status WHEN 'running' THEN ${REDELIVER_AFTER_WHILE_RUNNING} ELSE ${REDELIVER_AFTER} END < ${at}
    ))`;
}

// ── Deciding ──

export const lockChatOwner = query(
  { userId: text() },
  (chatId: string) => sql`
    SELECT "userId" FROM "Chat" WHERE id = ${chatId} AND "deletedAt" IS NULL FOR UPDATE`,
  ["a-chat"],
);

/** Locks the effects of these messages, so that a worker which records an outcome waits for this transaction. */
export const holdEffectsOf = query(
  { key: text() },
  (chatId: string, messageIds: string[]) => sql`
    SELECT e.key FROM "Effect" e JOIN "HumanRequest" r
      ON r."chatId" = e."chatId" AND r."messageId" = e."answerId" AND r."toolCallId" = e."toolCallId"
    WHERE e."chatId" = ${chatId} AND r."messageId" = ANY(${messageIds}) AND r."settledAt" IS NULL
    FOR SHARE OF e`,
  ["a-chat", ["a-message"]],
);

/** Settles the approved requests of these messages whose effect has begun: it can't be taken back any more. */
export const settleRequestsWithEffect = command(
  (chatId: string, messageIds: string[], now: Date) => sql`
    UPDATE "HumanRequest" r SET "settledAt" = ${utc(now)}, "deliveredAt" = COALESCE(r."deliveredAt", ${utc(now)}),
      state = CASE e.state WHEN 'done' THEN 'approved' ELSE 'unknown-outcome' END
    FROM "Effect" e
    WHERE r."chatId" = ${chatId} AND r."messageId" = ANY(${messageIds}) AND r.state = 'approved' AND r."settledAt" IS NULL
      AND e."chatId" = r."chatId" AND e."answerId" = r."messageId" AND e."toolCallId" = r."toolCallId"
      AND e.state <> 'failed'`,
  ["a-chat", ["a-message"], new Date(0)],
);

export const expirePending = command(
  (now: Date) => sql`
    UPDATE "HumanRequest" r SET state = 'expired', "decidedVia" = 'timeout', "decidedAt" = "expiresAt"
    FROM "Chat" c WHERE c.id = r."chatId" AND c."deletedAt" IS NULL
      AND r.state = 'pending' AND r."expiresAt" <= ${utc(now)}`,
  [new Date(0)],
);

// ── Saving ──

/** Locks and returns those of the effects that nobody knows the outcome of. A started one has been interrupted. */
export const holdUnknownEffects = query(
  { key: text() },
  (chatId: string, keys: string[]) => sql`
    SELECT key FROM "Effect" WHERE "chatId" = ${chatId} AND key = ANY(${keys})
      AND state IN ('unknown', 'started') FOR SHARE`,
  ["a-chat", ["a-key"]],
);

type NewCheckpoint = {
  chatId: string;
  messageId: string;
  kind: "partial" | "final";
  message: object;
  now: Date;
};

/** Adds a checkpoint, unless the newest one has the same message. */
export const addCheckpoint = command(
  ({ chatId, messageId, kind, message, now }: NewCheckpoint) => sql`
    INSERT INTO "Checkpoint" ("chatId", "messageId", number, kind, message, "createdAt")
    SELECT ${chatId}, ${messageId}, COALESCE(last.number, 0) + 1, ${kind}, ${JSON.stringify(toStored(message))}::jsonb, ${utc(now)}
    FROM (SELECT 1) one LEFT JOIN LATERAL (
      SELECT number, message FROM "Checkpoint" WHERE "chatId" = ${chatId} AND "messageId" = ${messageId}
      ORDER BY number DESC LIMIT 1
    ) last ON true
    WHERE last.message IS DISTINCT FROM ${JSON.stringify(toStored(message))}::jsonb`,
  [{ chatId: "a-chat", messageId: "a-message", kind: "final", message: {}, now: new Date(0) }],
);
