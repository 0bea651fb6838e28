/** Who of a chat's sub-agents works: each on one task at a time, and not too many of them at once. */
import { setTimeout as pause } from "node:timers/promises";

const MAX_AT_ONCE = 4;

const busy = new Map<string, string>();
const LOOK_EVERY_MS = 100;

/** Runs `work` when this sub-agent is free and its chat has a place. Rejects when it is stopped before. */
export async function inTurn<T>(
  session: string,
  chatId: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  while (busy.has(session) || [...busy.values()].filter((chat) => chat === chatId).length >= MAX_AT_ONCE) {
    signal?.throwIfAborted();
    await pause(LOOK_EVERY_MS);
  }
  busy.set(session, chatId);
  try {
    return await work();
  } finally {
    busy.delete(session);
  }
}
