/** Statements of the effect ledger. Leases follow the database's clock, which all workers share. */
import {
  command,
  integer,
  jsonb,
  orNull,
  query,
  sql,
  text,
  timestampWithZone,
  type Sql,
} from "@/lib/db/statement";
import type { Attempt, EffectState, End } from "./effect";

const anAttempt: Attempt = {
  key: "a-key",
  holder: "a-holder",
  call: { chatId: "a-chat", turn: "a-message", tool: "a-tool", input: {} },
  leaseMs: 10_000,
  safeToRepeat: false,
};

function leaseEnd({ leaseMs }: Attempt): Sql {
  return sql`now() + ${leaseMs}::int * interval '1 millisecond'`;
}

/**
 * Makes the effect the attempt's own and returns it; no row when another attempt has it, it has ended, or the chat is
 * gone. One statement decides that, so of many attempts at once one gets it.
 */
export const claimEffect = query(
  {
    key: text(),
    tool: text(),
    input: jsonb<unknown>(),
    state: text<EffectState>(),
    output: orNull(jsonb<unknown>()),
    error: orNull(text()),
    failures: integer(),
    holder: text(),
    startedAt: timestampWithZone(),
  },
  (attempt: Attempt, { afterFailure }: { afterFailure: boolean }) => {
    const { key, holder, call, safeToRepeat } = attempt;
    const until = leaseEnd(attempt);
    return sql`
      INSERT INTO "Effect" AS e (key, "chatId", "messageId", tool, "answerId", "toolCallId", input, "runId", holder, "leaseUntil")
      SELECT ${key}, id, ${call.turn}, ${call.tool}, ${call.answerId ?? null}, ${call.toolCallId ?? null},
        ${JSON.stringify(call.input ?? null)}::jsonb, ${call.runId ?? null}, ${holder}, ${until}
      FROM "Chat" WHERE id = ${call.chatId} AND "deletedAt" IS NULL
      ON CONFLICT (key) DO UPDATE SET state = 'started', holder = ${holder}, "leaseUntil" = ${until},
        "answerId" = excluded."answerId", "toolCallId" = excluded."toolCallId", "runId" = excluded."runId", input = excluded.input,
        "startedAt" = now(), "finishedAt" = NULL, output = NULL, error = NULL, "settledBy" = NULL,
        "wasUnknown" = e."wasUnknown" OR e.state = 'unknown' OR (e.state = 'started' AND e.holder <> ${holder})
      WHERE (e.state = 'failed' AND ${afterFailure})
        OR (${safeToRepeat} AND (e.state = 'unknown' OR (e.state = 'started' AND e."leaseUntil" < now())))
        -- This attempt's own claim, whose result was lost with its connection.
        OR (e.state = 'started' AND e.holder = ${holder})
      RETURNING e.key, e.tool, e.input, e.state, e.output, e.error, e.failures, e.holder, e."startedAt"`;
  },
  [anAttempt, { afterFailure: true }],
);

/** Marks an effect as unknown when its lease has ended without a result. */
export const endLease = command(
  (key: string) => sql`
    UPDATE "Effect" SET state = 'unknown', "wasUnknown" = true
    WHERE key = ${key} AND state = 'started' AND "leaseUntil" < now()`,
  ["a-key"],
);

export const renewLease = command(
  (attempt: Attempt) => sql`
    UPDATE "Effect" SET "leaseUntil" = ${leaseEnd(attempt)}
    WHERE key = ${attempt.key} AND holder = ${attempt.holder} AND state = 'started'`,
  [anAttempt],
);

export const endEffect = query(
  { chatId: text(), answerId: orNull(text()), toolCallId: orNull(text()) },
  ({ key, holder, safeToRepeat }: Attempt, end: End) => {
    const output = end.state === "done" ? sql`${JSON.stringify(end.output)}::jsonb` : sql`NULL`;
    const error = end.state === "done" ? null : end.error;
    const failures = end.state === "failed" && !safeToRepeat ? 1 : 0;
    return sql`
      UPDATE "Effect" SET state = ${end.state}, output = ${output}, error = ${error}, "finishedAt" = now(),
        -- Counted once, even when this statement runs again because its result was lost.
        failures = failures + CASE WHEN state = 'failed' OR "wasUnknown" THEN 0 ELSE ${failures}::int END,
        "wasUnknown" = "wasUnknown" OR ${end.state === "unknown"}, "settledBy" = NULL
      WHERE key = ${key} AND holder = ${holder}
      RETURNING "chatId", "answerId", "toolCallId"`;
  },
  [anAttempt, { state: "done", output: {} }],
  [anAttempt, { state: "failed", error: "a reason" }],
);

/** What a person found out about an effect. `output` is what the tool would have returned. */
type Finding = {
  chatId: string;
  key: string;
  end: { state: "done"; output: unknown } | { state: "failed" };
  reason: string;
  settledBy: string;
};

const aFinding: Finding = {
  chatId: "a-chat",
  key: "a-key",
  end: { state: "failed" },
  reason: "a reason",
  settledBy: "a-person",
};

export const settleUnknownEffect = query(
  { key: text() },
  ({ chatId, key, end, reason, settledBy }: Finding) => {
    const ended =
      end.state === "done"
        ? sql`state = 'done', output = ${JSON.stringify(end.output)}::jsonb`
        : sql`state = 'failed'`;
    return sql`
      WITH settled AS (
        UPDATE "Effect" SET ${ended}, "wasUnknown" = true, "finishedAt" = now(), "settledBy" = ${settledBy}
        WHERE key = ${key} AND "chatId" = ${chatId}
          AND (state = 'unknown' OR (state = 'started' AND "leaseUntil" < now()))
        RETURNING key, "answerId", "toolCallId"
      ), noted AS (
        -- The approval shows the finding, too. Until its turn is saved, its state is still the decision.
        UPDATE "HumanRequest" r SET state = 'approved', reason = ${reason}
        FROM settled WHERE r."chatId" = ${chatId}
          AND r."messageId" = settled."answerId" AND r."toolCallId" = settled."toolCallId"
          AND r.state IN ('approved', 'unknown-outcome')
      )
      SELECT key FROM settled`;
  },
  [aFinding],
  [{ ...aFinding, end: { state: "done", output: {} } }],
);

const summaryColumns = {
  key: text(),
  messageId: text(),
  tool: text(),
  answerId: orNull(text()),
  toolCallId: orNull(text()),
  input: jsonb<unknown>(),
  output: orNull(jsonb<unknown>()),
  error: orNull(text()),
  startedAt: timestampWithZone(),
  finishedAt: orNull(timestampWithZone()),
  settledBy: orNull(text()),
  state: text<EffectState>(),
};

const summary = sql`
  key, "messageId", tool, "answerId", "toolCallId", input, output, error, "startedAt", "finishedAt", "settledBy",
  -- Interrupted, though no later call has noticed it yet.
  CASE WHEN state = 'started' AND "leaseUntil" < now() THEN 'unknown' ELSE state END AS state`;

export const selectEffectsOfCalls = query(
  summaryColumns,
  (chatId: string, messageIds: string[], callIds: string[]) => sql`
    SELECT ${summary} FROM "Effect"
    WHERE "chatId" = ${chatId} AND state <> 'failed'
      AND ("answerId", "toolCallId") IN (SELECT * FROM unnest(${messageIds}::text[], ${callIds}::text[]))`,
  ["a-chat", ["a-message"], ["a-call"]],
);

export const selectEffects = query(
  summaryColumns,
  (chatId: string, limit: number) => sql`
    SELECT ${summary} FROM "Effect" WHERE "chatId" = ${chatId} ORDER BY "startedAt" DESC, key LIMIT ${limit}`,
  ["a-chat", 200],
);
