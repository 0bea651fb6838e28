/**
 * What workers that died left of their answers. A successor writes the answer anew, under another id, and both stand on
 * the stream; to the runtime all but the last are messages like any other. A whole answer says when it was finished.
 */
import type { TranscriptChangeset } from "@trigger.dev/sdk/ai";
import type { ChatMessage } from "@/lib/chat/message";

/** Without every answer that was broken off and begun again. */
export function withoutTorsos<Message extends ChatMessage>(messages: readonly Message[]): Message[] {
  return messages.filter(
    (message, index) => !(isTorso(message) && messages[index + 1]?.role === "assistant"),
  );
}

/**
 * The first save of a new run brings what it found on the stream. Of an answer that nobody wrote again the last torso
 * is kept, as one that is not finished.
 */
export function savingNoTorsos(changeset: TranscriptChangeset): TranscriptChangeset {
  const entries = changeset.transcript.entries as { id: string; message: ChatMessage }[];
  const kept = new Set(withoutTorsos(entries.map(({ message }) => message)).map(({ id }) => id));
  return {
    ...changeset,
    changes: changeset.changes.flatMap((change) => {
      if (change.op !== "put" || !isTorso(change.message as ChatMessage)) return [change];
      return kept.has(change.message.id) ? [{ ...change, final: false }] : [];
    }),
    transcript: {
      ...changeset.transcript,
      entries: changeset.transcript.entries.filter(({ id }) => kept.has(id)),
    },
  };
}

function isTorso({ role, metadata }: ChatMessage): boolean {
  return role === "assistant" && metadata?.finishedAt === undefined;
}
