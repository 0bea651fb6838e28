/** Statements of the search. Both are for one person's chats that are not deleted. */
import { query, sql, text, timestamp } from "@/lib/db/statement";

/** Anywhere in the title, because a language without spaces has no word beginnings. */
export const selectTitlesLike = query(
  { chatId: text(), title: text(), updatedAt: timestamp() },
  (userId: string, pattern: string, limit: number) => sql`
    SELECT id AS "chatId", COALESCE(title, '') AS title, "updatedAt" FROM "Chat"
    WHERE "userId" = ${userId} AND "deletedAt" IS NULL AND "nextOrder" > 0 AND title ILIKE ${pattern}
    ORDER BY "updatedAt" DESC, id LIMIT ${limit}`,
  ["a-person", "%word%", 10],
);

type MessageSearch = {
  query: string;
  /** The last word may be unfinished. */
  isPrefix: boolean;
  limit: number;
  /** The characters around a match; they are removed from the text first. */
  marks: string;
  /** Options of `ts_headline`. */
  headline: string;
};

export const selectMessagesWith = query(
  {
    chatId: text(),
    title: text(),
    updatedAt: timestamp(),
    messageId: text(),
    role: text<"user" | "assistant">(),
    excerpt: text(),
  },
  (userId: string, { query: words, isPrefix, limit, marks, headline }: MessageSearch) => {
    const parsed = sql`websearch_to_tsquery('pg_catalog.simple', ${words})::text`;
    return sql`
      WITH
        query AS MATERIALIZED (
          SELECT (CASE WHEN ${isPrefix} AND ${parsed} LIKE '%''' THEN ${parsed} || ':*' ELSE ${parsed} END)::tsquery AS words
        ),
        found AS (
          SELECT m."chatId", m.id, m.role, m.message, m."createdAt", c.title, c."updatedAt", query.words
          FROM query, "Message" m JOIN "Chat" c ON c.id = m."chatId"
          WHERE m.search @@ query.words AND m."removedAt" IS NULL
            AND c."userId" = ${userId} AND c."deletedAt" IS NULL
          ORDER BY m."createdAt" DESC, m."order" DESC
          LIMIT ${limit}
        )
      SELECT "chatId", id AS "messageId", role, COALESCE(title, 'New chat') AS title, "updatedAt",
        ts_headline('pg_catalog.simple', translate("message_text"(message), ${marks}, ''), words, ${headline}) AS excerpt
      FROM found ORDER BY "createdAt" DESC`;
  },
  ["a-person", { query: "words", isPrefix: true, limit: 20, marks: "<>", headline: "StartSel=<, StopSel=>" }],
);
