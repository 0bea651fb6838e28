import "server-only";
/**
 * Tells the engine what was deleted. It was written down together with the deletion (`SessionEnd`), so that it is told
 * in the end, whoever dies in between, and every part of this may be repeated.
 */
import { runs, sessions } from "@trigger.dev/sdk";
import type { Db } from "@/lib/db/client";
import { env } from "@/lib/env";

const CLOSED = "The chat was deleted";

/**
 * Ends the sessions of chats that were deleted, and removes those of chats that are gone for good: of these chats, or
 * of those that have waited longest. Rejects when the engine could not be told of one; the others are done.
 */
export async function endSessions(db: Db, chatIds?: string[]): Promise<void> {
  const ends = await db.sessionEnd.findMany({
    where: chatIds ? { chatId: { in: chatIds } } : {},
    take: chatIds?.length ?? 100,
    orderBy: { createdAt: "asc" },
  });
  const failures: unknown[] = [];
  for (const { chatId, forGood } of ends) {
    try {
      if (forGood) await purgeSession(chatId);
      else if (await isDeleted(db, chatId)) await revokeSession(chatId);
      // One that has become *for good* in the meantime stays.
      await db.sessionEnd.deleteMany({ where: { chatId, forGood } });
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** Its run is stopped, its open pages are told, and no token opens it until the chat is back and it is created again. */
export async function revokeSession(chatId: string): Promise<void> {
  if (env.ENGINE_URL) return askEngine("POST", chatId, "/revoke");
  // Trigger.dev reopens no session, and the chat may come back: there only the run ends until the chat is gone for good.
  await unlessUnknown(async () => {
    const { currentRunId } = await sessions.retrieve(chatId);
    if (currentRunId) await runs.cancel(currentRunId);
  });
}

async function purgeSession(chatId: string): Promise<void> {
  if (env.ENGINE_URL) return askEngine("DELETE", chatId);
  await revokeSession(chatId);
  await unlessUnknown(() => sessions.close(chatId, { reason: CLOSED }));
}

async function isDeleted(db: Db, chatId: string): Promise<boolean> {
  return (await db.chat.count({ where: { id: chatId, deletedAt: { not: null } } })) > 0;
}

async function askEngine(method: "POST" | "DELETE", chatId: string, what = ""): Promise<void> {
  const response = await fetch(`${env.ENGINE_URL}/api/v1/sessions/${encodeURIComponent(chatId)}${what}`, {
    method,
    headers: { authorization: `Bearer ${env.TRIGGER_SECRET_KEY}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok && response.status !== 404)
    throw new Error(`The engine did not end the session of a deleted chat: it answered ${response.status}`);
}

/** A session that never began, or a run that is over, needs no end. */
async function unlessUnknown(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if ((error as { status?: unknown }).status !== 404) throw error;
  }
}
