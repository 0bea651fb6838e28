/** Statements that add up what answers used. */
import { bool, jsonb, orNull, query, sql, type Sql } from "@/lib/db/statement";
import { pathUp } from "../tree/walk.sql";

export type UsageSum = {
  answers: number;
  inputTokens: number;
  outputTokens: number;
  /** In US dollars, of the answers whose cost is known. */
  cost: number;
  /** Answers without a known cost: their model has no price here, or their tokens were not counted. */
  unpriced: number;
  /** Unpriced answers without a token count: they were stopped or failed, or the provider reports none. */
  uncounted: number;
};

/** One statement, so both sums are from the same moment. Each answer is read once, and only its metadata is used. */
export const selectUsage = query(
  { branch: jsonb<UsageSum>(), chat: jsonb<UsageSum>() },
  (chatId: string) => sql`
    WITH RECURSIVE
      chat AS (SELECT "headId" FROM "Chat" WHERE id = ${chatId}),
      ${pathUp(chatId, sql`(SELECT "headId" FROM chat)`)},
      answers AS (
        SELECT DISTINCT ON (m."messageId")
          ${metadata("inputTokens")} AS input, ${metadata("outputTokens")} AS output, ${metadata("cost")} AS cost,
          path.id IS NOT NULL AS "isShown"
        FROM "Message" m LEFT JOIN path ON path.id = m.id
        WHERE m."chatId" = ${chatId} AND m.role = 'assistant' AND m."removedAt" IS NULL
        ORDER BY m."messageId", path.id NULLS LAST, m."order" DESC
      )
    SELECT
      (SELECT ${sum} FROM answers WHERE "isShown") AS branch,
      (SELECT ${sum} FROM answers) AS chat
    FROM chat`,
  ["a-chat"],
);

/** A number in the message's metadata; null when it is missing or not a number. */
function metadata(field: "inputTokens" | "outputTokens" | "cost"): Sql {
  const value = sql`(m.message #> ARRAY['metadata', ${field}::text])`;
  return sql`CASE WHEN jsonb_typeof(${value}) = 'number' THEN ${value}::numeric END`;
}

const sum = sql`
  jsonb_build_object(
    'answers', count(*),
    'inputTokens', coalesce(sum(input), 0),
    'outputTokens', coalesce(sum(output), 0),
    'cost', coalesce(sum(cost), 0),
    'unpriced', count(*) FILTER (WHERE cost IS NULL),
    'uncounted', count(*) FILTER (WHERE cost IS NULL AND (input IS NULL OR output IS NULL))
  )`;

export type SpendingSum = { tokens: number; dollars: number };

/** What this person and the whole site have spent since `day`. `isGuest` is null for a person who was deleted. */
export const selectSpending = query(
  { isGuest: orNull(bool()), own: jsonb<SpendingSum>(), all: jsonb<SpendingSum>() },
  (userId: string, day: Date) => sql`
    SELECT
      (SELECT "isAnonymous" FROM "User" WHERE id = ${userId}) AS "isGuest",
      (SELECT ${spent} FROM "Spending" WHERE "userId" = ${userId} AND "createdAt" >= ${day}) AS own,
      (SELECT ${spent} FROM "Spending" WHERE "createdAt" >= ${day}) AS "all"`,
  ["a-person", new Date(0)],
);

const spent = sql`
  jsonb_build_object(
    'tokens', coalesce(sum("inputTokens"::bigint + "outputTokens"), 0),
    'dollars', coalesce(sum(cost), 0)
  )`;
