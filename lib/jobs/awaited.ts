import "server-only";
/** Checks on pending answers (lib/chat/revive/revive.ts) with this product's agent. */
import { chat } from "@trigger.dev/sdk/ai";
import { describeCall } from "@/lib/agent/approval-policy";
import { type AnswerProgress, revive, reviveAll } from "@/lib/chat/revive/revive";
import type { ReviveOptions } from "@/lib/chat/revive/revive-options";
import { db } from "@/lib/db/client";

const startSession = chat.createStartSessionAction("chat");
const options: ReviveOptions = {
  // The queue is fair per person, so it needs the owner of the chat.
  startSession: ({ chatId, userId }) => startSession({ chatId, triggerConfig: { concurrencyKey: userId } }),
  describe: describeCall,
};

/** The caller has checked that the chat belongs to the reader. */
export function lookAfter(chatId: string): Promise<AnswerProgress> {
  return revive(db, chatId, options);
}

export function lookAfterAll(): Promise<unknown[]> {
  return reviveAll(db, options);
}
