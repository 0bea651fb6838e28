/** The sidebar's list of chats, a page at a time: a page costs the same however many chats there are. */
import type { DbClient } from "@/lib/db/client";
import { isChatId, type ChatStatus } from "../tree/queries";
import { selectListedChats, type ListCursor } from "./chats.sql";

export type ListedChat = {
  id: string;
  title: string | null;
  titledBy: "person" | "model" | null;
  status: ChatStatus;
  isPinned: boolean;
  isArchived: boolean;
  /** The shown branch ends in an answer that came, or changed, after the chat was last open. */
  isUnread: boolean;
  updatedAt: Date;
};

export type ChatListPage = {
  /** Newest first; the first page begins with all pinned chats. */
  chats: ListedChat[];
  /** Pass as `after` for the next page; absent on the last. */
  nextCursor?: string;
};

export type ChatListOptions = { view?: "active" | "archived"; limit?: number; after?: string };

const CHATS_PER_PAGE = 40;
const MAX_CHATS_PER_PAGE = 400;
const MAX_PINNED = 100;

/** A page of a person's chats. Chats without a message are not listed. */
export async function listChatPage(
  db: DbClient,
  userId: string,
  { view = "active", limit = CHATS_PER_PAGE, after }: ChatListOptions = {},
): Promise<ChatListPage> {
  const size = Math.min(Math.max(Math.trunc(limit) || CHATS_PER_PAGE, 1), MAX_CHATS_PER_PAGE);
  const cursor = after === undefined ? undefined : parseCursor(after);
  if (cursor === null) return { chats: [] };
  const rest = await selectListedChats(db, userId, { of: view, after: cursor }, size + 1);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const pinned =
    view === "active" && !cursor ? await selectListedChats(db, userId, { of: "pinned" }, MAX_PINNED) : [];
  return {
    chats: [...pinned, ...page],
    ...(rest.length > size && last ? { nextCursor: `${last.updatedAt.toISOString()}|${last.id}` } : {}),
  };
}

/** One chat as the list would show it; null when it would not be listed. */
export async function findListedChat(
  db: DbClient,
  userId: string,
  chatId: string,
): Promise<ListedChat | null> {
  if (!isChatId(chatId)) return null;
  const [chat] = await selectListedChats(db, userId, { of: "one", chatId }, 1);
  return chat ?? null;
}

/** Null for text that is not a cursor: then the page does not exist. */
function parseCursor(text: string): ListCursor | null {
  const [, time, id] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z\|([A-Za-z0-9_-]{1,64})$/.exec(text) ?? [];
  return time && id && !Number.isNaN(Date.parse(`${time}Z`)) ? { time, id } : null;
}
