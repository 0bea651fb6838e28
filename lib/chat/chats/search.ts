/** Finds a person's chats by their titles and by what was said in them. */
import type { DbClient } from "@/lib/db/client";
import { Prisma } from "@/prisma/generated/client";
import { sanitise } from "../message";

/** Text in the order of the original; what matched is marked. */
export type Highlighted = Array<{ text: string; isMatch: boolean }>;

export type SearchHit = {
  chatId: string;
  title: Highlighted;
  /** The message that matched, and the words around the match; absent when only the title did. */
  messageId?: string;
  excerpt?: Highlighted;
  role?: "user" | "assistant";
  updatedAt: Date;
};

const MAX_QUERY = 200;
const MAX_TITLES = 10;
const MAX_MESSAGES = 20;
/** Private-use characters around a match; they are taken out of the text first. */
const [START, STOP] = ["\uE000", "\uE001"];
const HEADLINE = `StartSel=${START}, StopSel=${STOP}, MaxFragments=1, MinWords=8, MaxWords=22`;

type TitleRow = { chatId: string; title: string; updatedAt: Date };
type MessageRow = TitleRow & { messageId: string; role: string; excerpt: string };

/**
 * Every word must be there, the last one may be unfinished; "quotes", OR and -without work as elsewhere. Titles come
 * first, then messages, newest first. Any text is a query: one without a word finds nothing.
 */
export async function searchChats(db: DbClient, userId: string, text: string): Promise<SearchHit[]> {
  const query = sanitise(String(text).slice(0, MAX_QUERY)).trim();
  if (query === "") return [];
  const [titles, messages] = await Promise.all([
    titlesLike(db, userId, query),
    messagesWith(db, userId, query),
  ]);
  return [
    ...titles.map(({ chatId, title, updatedAt }) => ({
      chatId,
      title: highlightSubstring(title, query),
      updatedAt,
    })),
    ...messages.map(({ chatId, title, updatedAt, messageId, role, excerpt }) => ({
      chatId,
      title: [{ text: title, isMatch: false }],
      messageId,
      role: role as "user" | "assistant",
      excerpt: readHighlights(excerpt),
      updatedAt,
    })),
  ];
}

/** Anywhere in the title: in a language that writes no spaces a word has no beginning. */
function titlesLike(db: DbClient, userId: string, query: string): Promise<TitleRow[]> {
  const pattern = `%${query.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return db.$queryRaw<TitleRow[]>`
    SELECT id AS "chatId", title, "updatedAt" FROM "Chat"
    WHERE "userId" = ${userId} AND "deletedAt" IS NULL AND "nextOrder" > 0 AND title ILIKE ${pattern}
    ORDER BY "updatedAt" DESC, id LIMIT ${MAX_TITLES}`;
}

function messagesWith(db: DbClient, userId: string, query: string): Promise<MessageRow[]> {
  // The last word may be unfinished, unless a quote closed it. One Latin letter alone would begin half of all words.
  const prefix = /(?:[\p{L}\p{N}]{2}|[^\P{L}\p{Script=Latin}])$/u.test(query);
  const parsed = Prisma.sql`websearch_to_tsquery('pg_catalog.simple', ${query})::text`;
  return db.$queryRaw<MessageRow[]>`
    WITH
      query AS MATERIALIZED (
        SELECT (CASE WHEN ${prefix} AND ${parsed} LIKE '%''' THEN ${parsed} || ':*' ELSE ${parsed} END)::tsquery AS words
      ),
      found AS (
        SELECT m."chatId", m.id, m.role, m.message, m."createdAt", c.title, c."updatedAt", query.words
        FROM query, "Message" m JOIN "Chat" c ON c.id = m."chatId"
        WHERE m.search @@ query.words AND m."removedAt" IS NULL
          AND c."userId" = ${userId} AND c."deletedAt" IS NULL
        ORDER BY m."createdAt" DESC, m."order" DESC
        LIMIT ${MAX_MESSAGES}
      )
    SELECT "chatId", id AS "messageId", role, COALESCE(title, 'New chat') AS title, "updatedAt",
      ts_headline('pg_catalog.simple', translate("message_text"(message), ${START + STOP}, ''), words, ${HEADLINE}) AS excerpt
    FROM found ORDER BY "createdAt" DESC`;
}

function readHighlights(headline: string): Highlighted {
  return headline
    .split(new RegExp(`(${START}[^${STOP}]*${STOP})`, "u"))
    .filter((piece) => piece !== "")
    .map((piece) =>
      piece.startsWith(START) ? { text: piece.slice(1, -1), isMatch: true } : { text: piece, isMatch: false },
    );
}

function highlightSubstring(text: string, query: string): Highlighted {
  const pieces = text.split(new RegExp(`(${escaped(query)})`, "iu"));
  return pieces
    .map((piece, index) => ({ text: piece, isMatch: index % 2 === 1 }))
    .filter((piece) => piece.text !== "");
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
