import "server-only";
import { parseUserMessage, type ChatMessage } from "@/lib/chat/message";
import { env } from "@/lib/env";
import type { PendingInput } from "@/components/chat/use-durable-chat";

type InputRecord = { data: unknown; seqNum: number };

/**
 * Questions that the engine has accepted and no run has taken yet: the run is queued, starting, or was just killed. They
 * are in no transcript, and a person who reloads wants to see them all the same.
 *
 * `afterEventId` is the transcript's input cursor: everything up to it is answered.
 */
export async function readPendingInput(
  chatId: string,
  afterEventId: string | undefined,
): Promise<PendingInput<ChatMessage>[]> {
  const base = env.TRIGGER_API_URL;
  const url = new URL(`${base}/realtime/v1/sessions/${encodeURIComponent(chatId)}/in/records`);
  if (afterEventId !== undefined) url.searchParams.set("afterEventId", afterEventId);
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${env.TRIGGER_SECRET_KEY}` },
    signal: AbortSignal.timeout(5_000),
    cache: "no-store",
  });
  if (!response.ok) return [];
  const { records } = (await response.json()) as { records: InputRecord[] };
  return records.flatMap(toPending);
}

function toPending({ data, seqNum }: InputRecord): PendingInput<ChatMessage>[] {
  try {
    const { kind, payload } = JSON.parse(String(data));
    if (kind !== "message" || payload?.trigger !== "submit-message" || payload.message?.role !== "user")
      return [];
    return [{ message: parseUserMessage(payload.message), seq: seqNum }];
  } catch {
    // Not a question that could be shown: the agent will refuse it and say why.
    return [];
  }
}
