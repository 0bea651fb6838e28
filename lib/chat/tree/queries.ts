/** What the page reads. Whoever calls has checked that the chat is the reader's (`findOwnedChat`). */
import type { TranscriptCursors } from "@trigger.dev/sdk/ai";
import type { DbClient } from "@/lib/db/client";
import type { Chat } from "@/prisma/generated/client";
import type { ChatMessage } from "../message";
import { readStored } from "../message-versions";
import { selectPage, type ChatStatus, type PageOptions, type Versions } from "./page.sql";

export type { ChatStatus, PageOptions } from "./page.sql";

export type Transcript = {
  messages: ChatMessage[];
  cursors: TranscriptCursors;
  status: ChatStatus;
  /** Why the last turn failed, when somebody knows. */
  failure?: string;
  title: string | null;
  /** Pass as `before` for the page before this one; absent on the first page. */
  nextCursor?: string;
  /** Messages that are partial answers. */
  nonFinalIds: string[];
  /** By message id, where a message has alternatives or its node another id. */
  versions: Record<string, Versions>;
  /** Something hangs below the shown leaf, so a step back can be taken forward again. */
  canRedo: boolean;
};

/** `session_…` is how the engine names a session by itself: a chat of that name would be given a token for that one. */
const chatId = /^(?!session_)[A-Za-z0-9_-]{8,64}$/;

/** What cannot be a chat id is unknown, and need not trouble the database. */
export function isChatId(id: unknown): id is string {
  return typeof id === "string" && chatId.test(id);
}

/** The newest page of the shown branch, with the cursors from which the live stream continues it. */
export async function loadTranscript(
  db: DbClient,
  chatId: string,
  { limit = 50, ...page }: PageOptions = {},
): Promise<Transcript | null> {
  const branch = await readBranch(db, chatId, { limit, ...page });
  if (!branch) return null;
  const { state: _, ...transcript } = branch;
  return transcript;
}

/** Null for a foreign chat, an unknown one and a deleted one alike. */
export async function findOwnedChat(db: DbClient, chatId: string, userId: string): Promise<Chat | null> {
  if (!isChatId(chatId)) return null;
  return db.chat.findFirst({ where: { id: chatId, userId, deletedAt: null } });
}

/**
 * The chat of that id, made if there is none, with the model that its owner prefers; null when the id is not one, is
 * deleted or belongs to somebody else.
 */
export async function createChat(
  db: DbClient,
  { id, userId, model }: { id: string; userId: string; model?: string },
): Promise<Chat | null> {
  if (!isChatId(id)) return null;
  // Two first messages at once both get here: the second finds what the first made.
  const settings = model === undefined ? await db.userSettings.findUnique({ where: { userId } }) : null;
  await db.chat.createMany({
    data: [{ id, userId, model: model ?? settings?.defaultModel ?? null }],
    skipDuplicates: true,
  });
  return findOwnedChat(db, id, userId);
}

/**
 * One statement, so the messages and the cursors are of the same moment. It walks up from the head, or from `before`,
 * and touches only what it returns. The page's cursor is a node's id, so the next page starts there at once.
 */
export async function readBranch(
  db: DbClient,
  chatId: string,
  { limit, before, through }: PageOptions = {},
): Promise<(Transcript & { state: unknown }) | null> {
  if (!isChatId(chatId)) return null;
  const [row] = await selectPage(db, chatId, { limit, before, through });
  if (!row) return null;
  return {
    messages: row.messages.map(readStored),
    nonFinalIds: row.nonFinalIds,
    versions: row.versions,
    canRedo: row.canRedo,
    state: row.state,
    status: row.status,
    ...(row.status === "failed" && row.failure !== null && { failure: row.failure }),
    title: row.title,
    cursors: {
      ...(row.lastOutEventId === null ? {} : { lastOutEventId: row.lastOutEventId }),
      ...(row.lastInEventId === null ? {} : { lastInEventId: row.lastInEventId }),
    },
    ...(row.nextCursor === null ? {} : { nextCursor: row.nextCursor }),
  };
}
