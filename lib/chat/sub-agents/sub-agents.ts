/** The sub-agents of a chat, as the database knows them. The chat's row says whose they are. */
import { createHash } from "node:crypto";
import type { TranscriptState } from "@trigger.dev/sdk/ai";
import type { DbClient } from "@/lib/db/client";
import type { SubAgent } from "@/prisma/generated/client";
import type { ChatMessage } from "../message";
import { readStored, type StoredMessage } from "../message-versions";

/** How many sub-agents one chat can have, over all its answers. */
export const MAX_SUB_AGENTS = 20;

/** The id of a sub-agent and of its session. The same name in the same chat is the same sub-agent. */
export function subAgentId(chatId: string, name: string): string {
  const slug = name
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40);
  return `${chatId}--${slug || createHash("sha256").update(name).digest("hex").slice(0, 12)}`;
}

export type Asking = { id: string; chatId: string; name: string; ask: string; answerId: string };

/**
 * Notes what the sub-agent is asked, before it is asked. The same question again keeps the time when it was asked first.
 * Resolves with undefined when the chat has too many sub-agents for a new one.
 */
export async function noteAsk(
  db: DbClient,
  { id, chatId, name, ask, answerId }: Asking,
): Promise<SubAgent | undefined> {
  const known = await db.subAgent.findUnique({ where: { id }, select: { asked: true } });
  if (!known && (await db.subAgent.count({ where: { chatId } })) >= MAX_SUB_AGENTS) return undefined;
  const isNew = known?.asked !== ask;
  return db.subAgent.upsert({
    where: { id },
    create: { id, chatId, name, asked: ask, askedAt: new Date(), answerId },
    update: { asked: ask, answerId, ...(isNew && { askedAt: new Date() }) },
  });
}

/** A sub-agent and the chat that it works for; null when the chat was deleted. */
export function findSubAgent(db: DbClient, id: string) {
  return db.subAgent.findFirst({
    where: { id, chat: { deletedAt: null } },
    include: { chat: { select: { userId: true, model: true } } },
  });
}

/** The chat of the sub-agent with this session; undefined when there is no such sub-agent. */
export async function chatOfSubAgent(db: DbClient, id: string): Promise<string | undefined> {
  const row = await db.subAgent.findUnique({ where: { id }, select: { chatId: true } });
  return row?.chatId;
}

/** The sessions of a chat's sub-agents. */
export async function sessionsOfSubAgents(db: DbClient, chatId: string): Promise<string[]> {
  const rows = await db.subAgent.findMany({ where: { chatId }, select: { id: true } });
  return rows.map(({ id }) => id);
}

export function transcriptOf({ transcript }: Pick<SubAgent, "transcript">): TranscriptState<ChatMessage> {
  const stored = transcript as unknown as TranscriptState<ChatMessage>;
  const today = (message: ChatMessage) => readStored(message as unknown as StoredMessage);
  return { ...stored, entries: stored.entries.map((entry) => ({ ...entry, message: today(entry.message) })) };
}

/** The conversation, the oldest message first. */
export function messagesOf(subAgent: Pick<SubAgent, "transcript">): ChatMessage[] {
  return transcriptOf(subAgent).entries.map(({ message }) => message);
}
