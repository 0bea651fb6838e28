import type { AwaitedAnswer } from "@/components/chat/durable/types";

/** The browser's side of `/chat/<id>/run`. */
export async function lookAfter(chatId: string, { isLeaving = false } = {}): Promise<AwaitedAnswer> {
  const response = await fetch(address(chatId), { method: "POST", keepalive: isLeaving });
  if (!response.ok) throw new Error(`The answer could not be looked after (${response.status}).`);
  const { state } = (await response.json()) as { state: AwaitedAnswer };
  return state;
}

export async function isQueued(chatId: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(address(chatId), { signal });
  if (!response.ok) return false;
  const answer = (await response.json()) as { isQueued: boolean };
  return answer.isQueued;
}

function address(chatId: string): string {
  return `/chat/${encodeURIComponent(chatId)}/run`;
}
