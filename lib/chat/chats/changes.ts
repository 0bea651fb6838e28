/** An owner's changes to a whole chat. Each resolves with false when this person has no such chat. */
import type { Db, DbClient } from "@/lib/db/client";
import type { Statement } from "@/lib/db/statement";
import { isChatId } from "../tree/queries";
import {
  disownFilesOf,
  markDeleted,
  removeChatsOf,
  removeDeletedChats,
  setArchived,
  setPinned,
  setRead,
  setTitle,
  unmarkDeleted,
  type OwnChat,
} from "./chats.sql";

/** How long an owner can restore a deleted chat. */
const KEPT_AFTER_DELETION = "1 day";

/** Sets a title of the owner's own: from then on no model titles this chat. */
export function renameChat(db: DbClient, chat: OwnChat, title: string): Promise<boolean> {
  return change(db, setTitle, chat, title);
}

export function setChatPinned(db: DbClient, chat: OwnChat, isPinned: boolean): Promise<boolean> {
  return change(db, setPinned, chat, isPinned);
}

export function setChatArchived(db: DbClient, chat: OwnChat, isArchived: boolean): Promise<boolean> {
  return change(db, setArchived, chat, isArchived);
}

export function markChatRead(db: DbClient, chat: OwnChat): Promise<boolean> {
  return change(db, setRead, chat);
}

/** Hides the chat from everyone until it is restored. Call `endSessions` afterwards, which tells the engine. */
export function deleteChat(db: DbClient, chat: OwnChat): Promise<boolean> {
  return change(db, markDeleted, chat);
}

/**
 * Restores a deleted chat. A chat that is not deleted stays as it is; one that was removed for good is not found. The
 * answer that was being written was stopped with the deletion.
 */
export function restoreChat(db: DbClient, chat: OwnChat): Promise<boolean> {
  return change(db, unmarkDeleted, chat);
}

async function change<Args extends unknown[]>(
  db: DbClient,
  statement: Statement<[chat: OwnChat, ...Args], number>,
  chat: OwnChat,
  ...args: Args
): Promise<boolean> {
  return isChatId(chat.chatId) && (await statement(db, chat, ...args)) > 0;
}

/** Removes for good the chats whose owners can no longer restore them. Returns their ids. */
export async function sweepDeletedChats(db: DbClient, limit = 100): Promise<string[]> {
  const removed = await removeDeletedChats(db, KEPT_AFTER_DELETION, limit);
  return removed.map(({ id }) => id);
}

/** Chats that were removed, and files without an owner, whose bytes are still to be deleted. */
export type Deleted = { chatIds: string[]; attachmentIds: string[] };

/** Removes for good every chat of this person with all that belongs to it, their files, settings and API keys. */
export function deleteEverything(db: Db, userId: string): Promise<Deleted> {
  return db.$transaction(async (tx) => {
    const files = await disownFilesOf(tx, userId);
    const chats = await removeChatsOf(tx, userId);
    await tx.userSettings.deleteMany({ where: { userId } });
    await tx.apiKey.deleteMany({ where: { userId } });
    await tx.eventSource.deleteMany({ where: { userId } });
    return { chatIds: chats.map(({ id }) => id), attachmentIds: files.map(({ id }) => id) };
  });
}
