/** Reads requests for the pages. The caller names the reader, or has checked that the chat belongs to the reader. */
import type { DbClient } from "@/lib/db/client";
import type { DecidedVia, RequestKind, RequestState } from "./row";
import { selectRequests } from "./requests.sql";

/** One request, for every view of it. */
export type RequestView = {
  chatId: string;
  chatTitle: string | null;
  toolCallId: string;
  messageId: string;
  tool: string;
  kind: RequestKind;
  title: string;
  why: string | null;
  input: unknown;
  schema?: unknown;
  phrase: string | null;
  state: RequestState;
  output?: unknown;
  editedInput?: unknown;
  reason: string | null;
  /** The name of the person who decided. */
  decidedBy: string | null;
  decidedVia: DecidedVia | null;
  decidedAt: string | null;
  expiresAt: string | null;
  createdAt: string;
  /** The message that asks is not on the branch that is shown. */
  onOtherBranch: boolean;
};

/** The inbox keeps the oldest, which have waited longest; a chat keeps the newest, which its end shows. */
const MAX_LISTED = 200;

/** Everything that waits for a person in any of their chats, the oldest first. */
export function listWaitingRequests(db: DbClient, userId: string, now = new Date()): Promise<RequestView[]> {
  return selectRequests(db, { of: "waiting", userId, now }, MAX_LISTED);
}

/** A chat's requests, the oldest first; when there are too many, the newest. */
export async function listChatRequests(db: DbClient, chatId: string): Promise<RequestView[]> {
  const newestFirst = await selectRequests(db, { of: "chat", chatId }, MAX_LISTED);
  return newestFirst.reverse();
}

/**
 * One request. The caller has checked that the reader may see it. Null when its chat was deleted, and when a name
 * without a message id fits several requests.
 */
export async function findRequest(
  db: DbClient,
  request: { chatId: string; messageId?: string | undefined; toolCallId: string },
): Promise<RequestView | null> {
  const found = await selectRequests(db, { of: "one", ...request }, 2);
  return found.length === 1 ? found[0]! : null;
}
