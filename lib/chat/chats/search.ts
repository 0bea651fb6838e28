/** Finds a person's chats by their titles and by what was said in them. */
import type { DbClient } from "@/lib/db/client";
import { sanitise } from "../message";
import { selectMessagesWith, selectTitlesLike } from "./search.sql";

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

/**
 * Every word must be there, the last one may be unfinished; "quotes", OR and -without work as elsewhere. Titles come
 * first, then messages, newest first. Any text is a query: one without a word finds nothing.
 */
export async function searchChats(db: DbClient, userId: string, text: string): Promise<SearchHit[]> {
  const query = sanitise(String(text).slice(0, MAX_QUERY)).trim();
  if (query === "") return [];
  const [titles, messages] = await Promise.all([
    matchTitles(db, userId, query),
    matchMessages(db, userId, query),
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
      role,
      excerpt: readHighlights(excerpt),
      updatedAt,
    })),
  ];
}

function matchTitles(db: DbClient, userId: string, query: string) {
  const pattern = `%${query.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return selectTitlesLike(db, userId, pattern, MAX_TITLES);
}

function matchMessages(db: DbClient, userId: string, query: string) {
  // The last word may be unfinished, unless a quote ends it. A single Latin letter would match half of all words.
  const isPrefix = /(?:[\p{L}\p{N}]{2}|[^\P{L}\p{Script=Latin}])$/u.test(query);
  return selectMessagesWith(db, userId, {
    query,
    isPrefix,
    limit: MAX_MESSAGES,
    marks: START + STOP,
    headline: HEADLINE,
  });
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
