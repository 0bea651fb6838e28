/**
 * Read-only links. A link shows the branch as it was when the link was created: it stores the head, below which rows are
 * only added, and a copy of an unfinished answer. The token exists only in the link.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Db, DbClient } from "@/lib/db/client";
import { isUndecided, requestIdsOf, type RequestName } from "../requests/pending-calls";
import { branchIds, findNode, readNodes } from "../tree/branch";
import type { ChatMessage } from "../message";
import { readStored, type StoredMessage } from "../message-versions";
import { isChatId } from "../tree/queries";
import { toolParts } from "../requests/save";
import { withRetry } from "@/lib/db/retry";
import { lockOwnChat, saveSnapshot } from "./chats.sql";

export type ShareSummary = { id: string; chatId: string; title: string; createdAt: Date };

export type SharedRequest = RequestName & { title: string; isWaiting: boolean };

export type SharedBranch = {
  title: string;
  sharedAt: Date;
  messages: ChatMessage[];
  /** The requests of these messages, and whether they are pending. */
  requests: SharedRequest[];
  /** The link leaves out older messages. */
  isCut: boolean;
};

const MAX_MESSAGES = 1000;
const MAX_LINKS_PER_CHAT = 50;

export type ShareOutcome = { token: string } | { refused: "not-found" | "empty" | "too-many" };

/** Shares the branch that ends at `headId` (a node or message id), or the shown branch. */
export function createShare(
  db: Db,
  { chatId, userId, headId }: { chatId: string; userId: string; headId?: string },
): Promise<ShareOutcome> {
  if (!isChatId(chatId)) return Promise.resolve({ refused: "not-found" });
  const token = randomBytes(16).toString("base64url");
  const tokenHash = hashOf(token);
  return withRetry(() => db.$transaction(write), { doing: `Sharing chat ${chatId}` });

  async function write(tx: DbClient): Promise<ShareOutcome> {
    // An earlier attempt committed, but its connection broke before the result arrived.
    if ((await tx.share.count({ where: { tokenHash } })) > 0) return { token };
    const [chat] = await lockOwnChat(tx, { chatId, userId });
    if (!chat) return { refused: "not-found" };
    const head = headId === undefined ? chat.headId : await findNode(tx, chatId, headId);
    if (head === null) return { refused: headId === undefined ? "empty" : "not-found" };
    if ((await tx.share.count({ where: { chatId } })) >= MAX_LINKS_PER_CHAT) return { refused: "too-many" };
    const { id } = await tx.share.create({
      data: { chatId, headId: head, title: chat.title ?? "Chat", tokenHash },
      select: { id: true },
    });
    await saveSnapshot(tx, { id, chatId, headId: head }, MAX_MESSAGES);
    return { token };
  }
}

/** Lists a person's links, newest first, optionally of one chat. */
export function listShares(db: DbClient, userId: string, chatId?: string): Promise<ShareSummary[]> {
  return db.share.findMany({
    where: { chat: { userId, deletedAt: null }, ...(chatId === undefined ? {} : { chatId }) },
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    select: { id: true, chatId: true, title: true, createdAt: true },
    take: 200,
  });
}

/** Revokes the link. Returns false if this person has no such link. */
export async function revokeShare(
  db: DbClient,
  { id, userId }: { id: string; userId: string },
): Promise<boolean> {
  const { count } = await db.share.deleteMany({ where: { id, chat: { userId } } });
  return count > 0;
}

/** Returns what a link shows, or null if it was revoked, its chat was deleted or it never existed. */
export async function readShare(db: DbClient, token: string): Promise<SharedBranch | null> {
  if (!/^[A-Za-z0-9_-]{22}$/.test(token)) return null;
  const share = await db.share.findFirst({
    where: { tokenHash: hashOf(token), chat: { deletedAt: null } },
    select: { chatId: true, headId: true, title: true, snapshot: true, createdAt: true },
  });
  if (!share) return null;
  const asItWas = new Map(Object.entries(share.snapshot as unknown as Record<string, StoredMessage>));
  const ids = await branchIds(db, share.chatId, share.headId, MAX_MESSAGES + 1);
  const messages: ChatMessage[] = [];
  for await (const { id, message } of readNodes(db, share.chatId, ids.slice(-MAX_MESSAGES))) {
    const copy = asItWas.get(id);
    messages.push(forStrangers(copy ? readStored(copy) : message));
  }
  const requests = await undecidedIn(db, share, messages);
  return {
    title: share.title,
    sharedAt: share.createdAt,
    messages,
    requests,
    isCut: ids.length > MAX_MESSAGES,
  };
}

/** Returns the requests among the open calls of the messages, and whether they were pending at that time. */
async function undecidedIn(
  db: DbClient,
  { chatId, createdAt }: { chatId: string; createdAt: Date },
  messages: ChatMessage[],
): Promise<SharedRequest[]> {
  const calls = messages.flatMap((message) =>
    toolParts(message)
      .filter(isUndecided)
      .flatMap(requestIdsOf)
      .map((toolCallId) => ({ messageId: message.id, toolCallId })),
  );
  if (calls.length === 0) return [];
  const rows = await db.humanRequest.findMany({
    where: { chatId, OR: calls },
    select: { messageId: true, toolCallId: true, title: true, state: true, decidedAt: true },
  });
  return rows.map(({ state, decidedAt, ...row }) => ({
    ...row,
    isWaiting: state === "pending" || (decidedAt !== null && decidedAt > createdAt),
  }));
}

/** Removes costs and provider metadata. */
function forStrangers({ id, role, parts }: ChatMessage): ChatMessage {
  return {
    id,
    role,
    parts: parts.map((part) => {
      const {
        providerMetadata: _,
        callProviderMetadata: __,
        ...rest
      } = part as typeof part & {
        providerMetadata?: unknown;
        callProviderMetadata?: unknown;
      };
      return rest as typeof part;
    }),
  };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
