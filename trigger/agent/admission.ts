/** Who may be answered: the chat is there, its owner's limits are not reached, and the question is saved. */
import { requireBudget } from "@/lib/chat/chats/budget";
import { isChatId } from "@/lib/chat/tree/queries";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { env } from "@/lib/env";
import { countAttempt } from "@/lib/http/rate-limit";
import { ChatError } from "@/lib/agent/errors";
import { turnState } from "./turn-state";

/**
 * The owner and the model come from the row, never from what the browser sends along, and are read at every turn:
 * the chat may have been deleted, or another model chosen, while this run slept.
 */
export async function requireChat(chatId: string): Promise<{ userId: string; model: string | null }> {
  const row = isChatId(chatId)
    ? await withRetry(
        () =>
          db.chat.findUnique({
            where: { id: chatId, deletedAt: null },
            select: { userId: true, model: true },
          }),
        { doing: `Reading chat ${chatId}` },
      )
    : null;
  if (!row)
    throw new ChatError("This chat does not exist any more, so it cannot be answered. Start a new one.");
  return row;
}

/** Where no proxy of ours sees the messages (lib/engine-limits.ts) they are counted here, and everywhere what they take. */
export async function requireTurn(chatId: string, userId: string): Promise<void> {
  const rate = env.LIMIT_MESSAGES;
  // Twice as many, because the proxy's minute began at another moment, and what it let through is answered.
  if (rate) await countAttempt("messages", `turns:person:${userId}`, { ...rate, count: rate.count * 2 });
  await withRetry(() => requireBudget(db, userId), { doing: `Reading the budget for chat ${chatId}` });
}

/** No word of an answer whose question could be lost, and no effect. */
export async function requireSavedQuestion(): Promise<void> {
  await turnState().questionSaved?.catch((cause: unknown) => {
    throw new ChatError("Your message could not be saved, so it was not answered. Try again in a moment.", {
      cause,
    });
  });
}
