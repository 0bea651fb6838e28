/**
 * A compacted context and the notes of background work (`chat.inject`) stand in no message: the runtime saves them as
 * state. It drops both whenever `loadContext` gives it the conversation, so they are put back here, and kept when a
 * turn is saved that knew nothing of them. Their layout is the runtime's (`v: 1`, SDK 4.8.3).
 */
import { convertToModelMessages, type ModelMessage, type ToolSet } from "ai";
import type { ChatMessage } from "@/lib/chat/message";

type SavedLane = {
  v: 1;
  /** What stands in place of everything up to this message. */
  compaction?: { modelMessages: ModelMessage[]; throughId: string };
  /** Notes, each behind a message; behind "" at the start. */
  injections?: { afterId: string; messages: ModelMessage[] }[];
};

/** What the model is given: its messages of the branch `shown`, with what the state holds for that branch. */
export async function withSavedLane(
  messages: ModelMessage[],
  shown: ChatMessage[],
  state: unknown,
  tools: ToolSet,
): Promise<ModelMessage[]> {
  const { compaction, injections = [] } = parse(state) ?? {};
  if (!compaction && injections.length === 0) return messages;
  /** Where in `messages` stands what follows this message; undefined when it's not on the branch. */
  async function behind(id: string): Promise<number | undefined> {
    const at = shown.findIndex((message) => message.id === id);
    if (at === -1) return id === "" ? 0 : undefined;
    const options = { ignoreIncompleteToolCalls: true, tools };
    return (await convertToModelMessages(shown.slice(0, at + 1), options)).length;
  }
  const start = compaction && (await behind(compaction.throughId));
  const from = start ?? 0;
  const lane: ModelMessage[] = start === undefined ? [] : [...compaction!.modelMessages];
  let taken = from;
  for (const { afterId, messages: notes } of injections) {
    const at = await behind(afterId);
    if (at === undefined || at < from || (at === 0 && start !== undefined)) continue;
    lane.push(...messages.slice(taken, at), ...notes);
    taken = Math.max(taken, at);
  }
  return [...lane, ...messages.slice(taken)];
}

/** The state to save: what the runtime says now, and of what was saved before what it was not told of. */
export function keepSavedLane(saved: unknown, now: unknown): unknown {
  const { compaction, injections = [] } = parse(saved) ?? {};
  const next = parse(now);
  // A new summary speaks for everything before it.
  if (next?.compaction) return now;
  const all = [...injections, ...(next?.injections ?? [])];
  if (!compaction && all.length === 0) return now;
  return { v: 1, ...next, ...(compaction && { compaction }), ...(all.length > 0 && { injections: all }) };
}

function parse(state: unknown): SavedLane | undefined {
  const known = state as SavedLane | null | undefined;
  return typeof known === "object" && known?.v === 1 ? known : undefined;
}
