import "server-only";
/** Looking after the answers that are awaited (lib/chat/revive/revive.ts), with this product's agent. */
import { chat } from "@trigger.dev/sdk/ai";
import { describeCall } from "@/lib/agent/approval-policy";
import { type AnswerProgress, revive, reviveAll, type ReviveOptions } from "@/lib/chat/revive/revive";
import { db } from "@/lib/db/client";

const startSession = chat.createStartSessionAction("chat");
const options: ReviveOptions = {
  // The queue is fair by person, so it has to know whose chat this is.
  startSession: ({ chatId, userId }) => startSession({ chatId, triggerConfig: { concurrencyKey: userId } }),
  describe: describeCall,
};

/** Whoever calls has checked that the chat is the asker's. */
export function lookAfter(chatId: string): Promise<AnswerProgress> {
  return revive(db, chatId, options);
}

export function lookAfterAll(): Promise<unknown[]> {
  return reviveAll(db, options);
}
