import "server-only";
import type { PendingInput } from "@/components/chat/durable/types";
import { parseUserMessage, type ChatMessage } from "@/lib/chat/message";
import { readInput, type InRecord } from "@/lib/chat/revive/session-records";

/**
 * Prompts that the engine has accepted and no run has saved yet, because the run is queued, starting, or was just
 * killed. They aren't in the transcript, but must be shown after a reload.
 *
 * `afterEventId` is the transcript's input cursor: everything up to it is answered.
 */
export async function readPendingInput(
  chatId: string,
  afterEventId: string | undefined,
): Promise<PendingInput<ChatMessage>[]> {
  return (await readInput(chatId, afterEventId ?? null)).flatMap(toPending);
}

function toPending({ seq, trigger, message }: InRecord): PendingInput<ChatMessage>[] {
  if (trigger !== "submit-message") return [];
  try {
    return [{ message: parseUserMessage(message), seq }];
  } catch {
    // This isn't a valid prompt: the agent will refuse it and say why.
    return [];
  }
}
