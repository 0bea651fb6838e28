/** What the model sees: the shown branch as it is saved, and behind it only what could not be saved yet. */
import type { LoadContextEvent } from "@trigger.dev/sdk/ai";
import type { Db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { InvalidMessageError, saysTheSame, type ChatMessage } from "../message";
import { readBranch } from "./queries";

export type Context = {
  messages: ChatMessage[];
  /** The runtime's own record, as it was saved last: a compacted context, and notes of background work. */
  state: unknown;
};

type Event = Pick<
  LoadContextEvent<unknown, ChatMessage>,
  "trigger" | "incomingMessages" | "previousMessages"
>;

/**
 * The conversation of the coming turn. A run that lives may have slept while the head moved, so nothing of what it
 * remembers counts but messages that no save has reached (`unsavedBehind`).
 *
 * Throws `InvalidMessageError` when what comes in has the id of another message.
 */
export async function readContext(
  db: Db,
  chatId: string,
  { trigger, incomingMessages, previousMessages }: Event,
): Promise<Context> {
  return withRetry(
    async () => {
      const branch = await readBranch(db, chatId);
      const saved = branch?.messages ?? [];
      const unsaved = await unsavedBehind(db, chatId, saved.at(-1), previousMessages);
      const known = [...saved, ...unsaved];
      const kept = trigger === "regenerate-message" ? uptoLastQuestion(known) : known;
      return { messages: withIncoming(kept, incomingMessages), state: branch?.state ?? null };
    },
    { doing: `Reading the context of chat ${chatId}` },
  );
}

/**
 * What the runtime knows to follow the last saved message and the database has never heard of: an answer that it
 * recovered from the stream, or a turn whose save failed. What the database has on another branch was left there.
 */
async function unsavedBehind(
  db: Db,
  chatId: string,
  last: ChatMessage | undefined,
  previous: ChatMessage[],
): Promise<ChatMessage[]> {
  const at = last === undefined ? -1 : previous.findLastIndex(({ id }) => id === last.id);
  if (last !== undefined && at === -1) return [];
  const tail = previous.slice(at + 1);
  if (tail.length === 0) return [];
  const rows = await db.message.findMany({
    where: { chatId, messageId: { in: tail.map(({ id }) => id) } },
    select: { messageId: true },
  });
  const known = new Set(rows.map(({ messageId }) => messageId));
  const end = tail.findIndex(({ id }) => known.has(id));
  return end === -1 ? tail : tail.slice(0, end);
}

/** The answer that is to be written anew is left out. */
function uptoLastQuestion(messages: ChatMessage[]): ChatMessage[] {
  return messages.slice(0, messages.findLastIndex(({ role }) => role === "user") + 1);
}

/** A message that is there already came again: a retry, or a run that takes over a turn. */
function withIncoming(messages: ChatMessage[], incoming: ChatMessage[]): ChatMessage[] {
  const known = new Map(messages.map((message) => [message.id, message]));
  return [
    ...messages,
    ...incoming.filter((message) => {
      const same = known.get(message.id);
      if (same && (same.role !== message.role || !saysTheSame(same, message))) throw misnamed();
      return !same;
    }),
  ];
}

function misnamed(): InvalidMessageError {
  return new InvalidMessageError(
    "This message's `id` belongs to another message of this chat. Send it with a new one.",
  );
}
