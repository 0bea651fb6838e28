/**
 * The conversation of a sub-agent, in its row. A turn's end is saved before its end is on the stream, and whoever waits
 * for an answer reads it here.
 */
import type {
  LoadContextEvent,
  TranscriptChangeset,
  TranscriptLoadResult,
  TranscriptStorage,
  TranscriptStorageContext,
} from "@trigger.dev/sdk/ai";
import type { UIMessage } from "ai";
import { sanitise, type ChatMessage } from "@/lib/chat/message";
import { toStored } from "@/lib/chat/message-versions";
import { messagesOf, transcriptOf } from "@/lib/chat/sub-agents/sub-agents";
import { runOf } from "@/lib/chat/tree/fencing";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import type { Prisma } from "@/prisma/generated/client";
import { beginTurnState, endTurnState, turnState } from "../agent/turn-state";
import { withoutWaitingCalls } from "./decisions";
import { requireSubAgent } from "./require-sub-agent";

export const subAgentStorage: TranscriptStorage = {
  async load<M extends UIMessage>({ chatId: id }: { chatId: string }): Promise<TranscriptLoadResult<M>> {
    const subAgent = await requireSubAgent(id);
    const { entries, state } = transcriptOf(subAgent);
    const { lastOutEventId, lastInEventId } = subAgent;
    return {
      messages: entries.map(({ message }) => message) as UIMessage[] as M[],
      state,
      cursors: { ...(lastOutEventId && { lastOutEventId }), ...(lastInEventId && { lastInEventId }) },
    };
  },

  async loadContext<M extends UIMessage>(
    { chatId: id }: { chatId: string },
    event: LoadContextEvent<unknown, M>,
  ) {
    const subAgent = await requireSubAgent(id);
    const known = messagesOf(subAgent);
    const [incoming] = event.incomingMessages as UIMessage[] as ChatMessage[];
    const at = incoming ? known.findIndex((message) => message.id === incoming.id) : -1;
    // A run that takes over a turn gets its question once more.
    const messages = at === -1 ? [...known, ...(incoming ? [incoming] : [])] : known.slice(0, at + 1);
    beginTurnState({ hasContext: true });
    return (await withoutWaitingCalls(subAgent.chatId, messages)) as UIMessage[] as M[];
  },

  async save(context: TranscriptStorageContext, { reason, transcript, cursors }: TranscriptChangeset) {
    // What was decided counts as unread until the turn that continues with it has ended: its run may die before.
    if (reason === "action" || (reason === "turn-start" && context.trigger === "action-turn")) return;
    const ends = reason === "turn-complete" || reason === "turn-error";
    const { isBroken, failure } = turnState();
    const isFailed = reason === "turn-error" || isBroken;
    const { id: runId, createdAt } = runOf(context);
    const question = transcript.entries.findLast(({ message }) => message.role === "user");
    const row: Prisma.SubAgentUpdateManyMutationInput = {
      transcript: sanitise({
        ...transcript,
        entries: transcript.entries.map((entry) => ({ ...entry, message: toStored(entry.message) })),
      }) as unknown as Prisma.InputJsonValue,
      runId,
      ...(createdAt && { runCreatedAt: createdAt }),
      ...cursors,
      ...(ends && { answered: question?.message.id ?? null, failure: isFailed ? (failure ?? FAILED) : null }),
    };
    // A run that another one has replaced may still have a save in flight.
    const isCurrent = createdAt ? { OR: [{ runCreatedAt: null }, { runCreatedAt: { lte: createdAt } }] } : {};
    try {
      await withRetry(
        () => db.subAgent.updateMany({ where: { id: context.chatId, ...isCurrent }, data: row }),
        {
          doing: `Saving sub-agent ${context.chatId}`,
        },
      );
    } finally {
      if (ends) endTurnState();
    }
  },
};

const FAILED = "It failed.";
