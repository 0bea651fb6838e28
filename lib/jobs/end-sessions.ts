import "server-only";
/**
 * Ends the engine's sessions of deleted chats. Each deletion wrote a `SessionEnd` row in its own transaction, so a crash
 * only delays this. Every part is safe to repeat.
 */
import { runs, sessions } from "@trigger.dev/sdk";
import { failuresOf } from "@/lib/db/batches";
import type { Db } from "@/lib/db/client";
import { sessionsOfSubAgents } from "@/lib/chat/sub-agents/sub-agents";
import { env } from "@/lib/env";

const CLOSED = "The chat was deleted";

/**
 * Ends the sessions of deleted chats, and removes the sessions of chats that were removed for good: for these chats, or
 * for the ones that have waited longest. Rejects when one failed; the others are done.
 */
export async function endSessions(db: Db, chatIds?: string[]): Promise<void> {
  const ends = await db.sessionEnd.findMany({
    where: chatIds ? { chatId: { in: chatIds } } : {},
    take: chatIds?.length ?? 100,
    orderBy: { createdAt: "asc" },
  });
  const failures = await failuresOf(
    ends,
    async ({ chatId, forGood }) => {
      if (forGood) await purgeSession(chatId);
      else if (await isDeleted(db, chatId)) await revokeSessions(db, chatId);
      // A row that became `forGood` in the meantime stays.
      await db.sessionEnd.deleteMany({ where: { chatId, forGood } });
    },
    1,
  );
  if (failures.length > 0) throw failures[0];
}

/** Those of its sub-agents come first, so that none goes on for a chat that has ended. */
async function revokeSessions(db: Db, chatId: string): Promise<void> {
  for (const id of await sessionsOfSubAgents(db, chatId)) await revokeSession(id);
  await revokeSession(chatId);
}

/** Stops the run and notifies open pages. No token opens the session until the chat is restored and it is created again. */
export async function revokeSession(chatId: string): Promise<void> {
  if (env.ENGINE_URL) return callEngine("POST", chatId, "/revoke");
  // Trigger.dev can't reopen a session, and the chat may be restored: only its run ends until the chat is removed for good.
  await unlessUnknown(async () => {
    const { currentRunId } = await sessions.retrieve(chatId);
    if (currentRunId) await runs.cancel(currentRunId);
  });
}

async function purgeSession(chatId: string): Promise<void> {
  if (env.ENGINE_URL) return callEngine("DELETE", chatId);
  await revokeSession(chatId);
  await unlessUnknown(() => sessions.close(chatId, { reason: CLOSED }));
}

async function isDeleted(db: Db, chatId: string): Promise<boolean> {
  return (await db.chat.count({ where: { id: chatId, deletedAt: { not: null } } })) > 0;
}

async function callEngine(method: "POST" | "DELETE", chatId: string, what = ""): Promise<void> {
  const response = await fetch(`${env.ENGINE_URL}/api/v1/sessions/${encodeURIComponent(chatId)}${what}`, {
    method,
    headers: { authorization: `Bearer ${env.TRIGGER_SECRET_KEY}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok && response.status !== 404)
    throw new Error(`The engine did not end the session of a deleted chat: status ${response.status}`);
}

/** A session that never started, or a finished run, needs no end. */
async function unlessUnknown(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if ((error as { status?: unknown }).status !== 404) throw error;
  }
}
