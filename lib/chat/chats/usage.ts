/** What answers took, added up. Whoever calls has checked that the chat is the reader's. */
import type { DbClient } from "@/lib/db/client";
import { Prisma } from "@/prisma/generated/client";
import { isChatId } from "../tree/queries";
import { pathUp } from "../tree/walk.sql";

type UsageSum = {
  answers: number;
  inputTokens: number;
  outputTokens: number;
  /** In US dollars, of the answers whose cost is known. */
  cost: number;
  /** Answers whose cost nobody knows: their model has no price here, or nobody counted their tokens. */
  unpriced: number;
  /** Of these, the answers without a count: stopped, broken off, or the provider reports none. */
  uncounted: number;
};

export type ChatUsage = {
  /** The shown branch. */
  branch: UsageSum;
  /** Every branch, also those that were left. What stands in several is counted once. */
  chat: UsageSum;
};

/**
 * One statement, so both sums are of the same moment. Each answer is read once, and only its metadata leaves the row.
 * Null when there is no such chat.
 */
export async function loadUsage(db: DbClient, chatId: string): Promise<ChatUsage | null> {
  if (!isChatId(chatId)) return null;
  const [row] = await db.$queryRaw<ChatUsage[]>`
    WITH RECURSIVE
      chat AS (SELECT "headId" FROM "Chat" WHERE id = ${chatId}),
      ${pathUp(chatId, Prisma.sql`(SELECT "headId" FROM chat)`)},
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
    FROM chat`;
  return row ?? null;
}

/** A number of the message's metadata; whatever else stands there is not known. */
function metadata(field: "inputTokens" | "outputTokens" | "cost"): Prisma.Sql {
  const value = Prisma.sql`(m.message #> ARRAY['metadata', ${field}::text])`;
  return Prisma.sql`CASE WHEN jsonb_typeof(${value}) = 'number' THEN ${value}::numeric END`;
}

const sum = Prisma.sql`
  jsonb_build_object(
    'answers', count(*),
    'inputTokens', coalesce(sum(input), 0),
    'outputTokens', coalesce(sum(output), 0),
    'cost', coalesce(sum(cost), 0),
    'unpriced', count(*) FILTER (WHERE cost IS NULL),
    'uncounted', count(*) FILTER (WHERE cost IS NULL AND (input IS NULL OR output IS NULL))
  )`;
