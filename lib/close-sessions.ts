import "server-only";
import { sessions } from "@trigger.dev/sdk";

/** Ends the sessions of chats that are gone for good. One that cannot be reached now is refused by the agent anyway. */
export async function closeSessions(chatIds: string[]): Promise<void> {
  for (const chatId of chatIds) {
    try {
      await sessions.close(chatId, { reason: "The chat was deleted" });
    } catch {
      // Never begun, or already closed, or the engine is away: without its chat the agent answers nothing there.
    }
  }
}
