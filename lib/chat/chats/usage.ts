/** What the answers of a chat used, added up. The caller has checked that the chat belongs to the reader. */
import type { DbClient } from "@/lib/db/client";
import { isChatId } from "../tree/queries";
import { selectUsage, type UsageSum } from "./usage.sql";

export type ChatUsage = {
  /** The shown branch. */
  branch: UsageSum;
  /** Every branch, hidden ones included. An answer that several branches share counts once. */
  chat: UsageSum;
};

/** Null when there is no such chat. */
export async function loadUsage(db: DbClient, chatId: string): Promise<ChatUsage | null> {
  if (!isChatId(chatId)) return null;
  const [row] = await selectUsage(db, chatId);
  return row ?? null;
}
