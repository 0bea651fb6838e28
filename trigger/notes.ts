/**
 * A custom agent in one file: no `chat.agent`, no hooks and no tables of ours. It is a loop over the session's input. Its
 * list is the session's metadata, so a run that takes over after a crash finds it there.
 */
import { setTimeout as pause } from "node:timers/promises";
import { sessions } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import type { ChatTaskWirePayload } from "@trigger.dev/sdk/chat";
import { generateId, type UIMessageChunk } from "ai";
import { type NotesState, readNotes, takeNote } from "@/lib/agent/notes";

const PACE_MS = 40;
const IDLE = { idleTimeoutInSeconds: 30, timeout: "1h", spanName: "waiting for a note" };

export const notes = chat.customAgent({
  id: "notes",
  run: async (payload: ChatTaskWirePayload, { signal }) => {
    const stop = chat.createStopSignal();
    const session = await sessions.retrieve(payload.chatId);
    let state = readNotes(session.metadata);
    // A run begins without a message: the first one, or one that a dead run left unanswered, is in the mailbox.
    let turn = payload.message ? payload : await nextTurn();
    while (turn && !signal.aborted) {
      stop.reset();
      const { message } = turn;
      if (message?.role === "user") {
        const text = message.parts.map((part) => (part.type === "text" ? part.text : "")).join("\n");
        const taken = takeNote(state, { id: message.id, text });
        // Before the reply: what the page was told must not be forgotten.
        if (taken.state !== state) await save(payload.chatId, taken.state);
        state = taken.state;
        await chat.pipe(replyOf(taken.reply, state, AbortSignal.any([signal, stop.signal])));
      }
      // Also acknowledges the message, so that no later run gets it.
      await chat.writeTurnComplete();
      turn = await nextTurn();
    }
    stop.cleanup();
  },
});

async function nextTurn(): Promise<ChatTaskWirePayload | undefined> {
  const next = await chat.messages.waitWithIdleTimeout(IDLE);
  return next.ok && next.output.trigger !== "close" ? next.output : undefined;
}

async function save(sessionId: string, state: NotesState): Promise<void> {
  await sessions.update(sessionId, { metadata: { ...state } });
}

/** The list first, then the words at a pace at which they can be stopped. */
async function* replyOf(
  reply: string,
  state: NotesState,
  signal: AbortSignal,
): AsyncGenerator<UIMessageChunk> {
  yield { type: "start", messageId: generateId() };
  yield { type: "data-notes", data: state.notes };
  yield { type: "text-start", id: "reply" };
  for (const delta of reply.match(/\s*\S+/g) ?? []) {
    if (signal.aborted) break;
    yield { type: "text-delta", id: "reply", delta };
    await pause(PACE_MS);
  }
  yield { type: "text-end", id: "reply" };
  yield signal.aborted ? { type: "abort" } : { type: "finish" };
}
