/**
 * Read-only links. A link shows the branch as it stood when the link was made: its head is kept, rows are only ever
 * added below a head, and of what an answer may still become, a copy is kept. The token is in the link alone.
 */
import { createHash, randomBytes } from "node:crypto";
import { isToolUIPart } from "ai";
import type { Db, DbClient } from "@/lib/db/client";
import { isUndecided, requestIdOf, type RequestName } from "../requests/pending-calls";
import { branchIds, findNode, readNodes } from "../tree/branch";
import type { ChatMessage } from "../message";
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
  /** What these messages asked somebody, and whether it still waits. */
  requests: SharedRequest[];
  /** Older messages exist that the link does not show. */
  isCut: boolean;
};

const MAX_MESSAGES = 1000;
const MAX_LINKS_PER_CHAT = 50;

export type ShareOutcome = { token: string } | { refused: "not-found" | "empty" | "too-many" };

/** Shares the branch that ends at `headId` (node or message id), or the shown one. */
export function createShare(
  db: Db,
  { chatId, userId, headId }: { chatId: string; userId: string; headId?: string },
): Promise<ShareOutcome> {
  if (!isChatId(chatId)) return Promise.resolve({ refused: "not-found" });
  const token = randomBytes(16).toString("base64url");
  const tokenHash = hashOf(token);
  return withRetry(() => db.$transaction(write), { doing: `Sharing chat ${chatId}` });

  async function write(tx: DbClient): Promise<ShareOutcome> {
    // An earlier try committed, and its connection broke before the result arrived.
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

/** A person's links, newest first; those of one chat when it is named. */
export function listShares(db: DbClient, userId: string, chatId?: string): Promise<ShareSummary[]> {
  return db.share.findMany({
    where: { chat: { userId, deletedAt: null }, ...(chatId === undefined ? {} : { chatId }) },
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    select: { id: true, chatId: true, title: true, createdAt: true },
    take: 200,
  });
}

/** From now on the link leads nowhere. False when there is no such link of this person. */
export async function revokeShare(
  db: DbClient,
  { id, userId }: { id: string; userId: string },
): Promise<boolean> {
  const { count } = await db.share.deleteMany({ where: { id, chat: { userId } } });
  return count > 0;
}

/** What a link shows to whoever has it; null when it was revoked, or its chat deleted, or it never was. */
export async function readShare(db: DbClient, token: string): Promise<SharedBranch | null> {
  if (!/^[A-Za-z0-9_-]{22}$/.test(token)) return null;
  const share = await db.share.findFirst({
    where: { tokenHash: hashOf(token), chat: { deletedAt: null } },
    select: { chatId: true, headId: true, title: true, snapshot: true, createdAt: true },
  });
  if (!share) return null;
  const asItWas = new Map(Object.entries(share.snapshot as unknown as Record<string, ChatMessage>));
  const ids = await branchIds(db, share.chatId, share.headId, MAX_MESSAGES + 1);
  const messages: ChatMessage[] = [];
  for await (const { id, message } of readNodes(db, share.chatId, ids.slice(-MAX_MESSAGES))) {
    messages.push(forStrangers(asItWas.get(id) ?? message));
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

/** Of the calls that the messages leave open, those that asked somebody, and whether they waited at that time. */
async function undecidedIn(
  db: DbClient,
  { chatId, createdAt }: { chatId: string; createdAt: Date },
  messages: ChatMessage[],
): Promise<SharedRequest[]> {
  const calls = messages.flatMap((message) =>
    toolParts(message)
      .filter(isUndecided)
      .map((part) => ({ messageId: message.id, toolCallId: requestIdOf(part) })),
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

/** Neither what it cost, nor what the provider noted for itself, nor what a sub-agent said and heard on its way. */
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
      return withoutWay(rest as typeof part);
    }),
  };
}

function withoutWay<Part extends ChatMessage["parts"][number]>(part: Part): Part {
  // By its shape, because outputs from before marks have none, and nothing is lost by leaving it out.
  if (!isToolUIPart(part) || typeof part.output !== "object" || part.output === null) return part;
  if (!("asked" in part.output)) return part;
  const { messages: _, ...output } = part.output as { messages?: unknown };
  return { ...part, output };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
