/** The agent's side of walking the tree: what an action does to the history, and what the saves after it must know. */
import { locals } from "@trigger.dev/sdk";
import { chat, type ActionTurn, type TranscriptChangeset } from "@trigger.dev/sdk/ai";
import type { BranchAction } from "@/lib/chat/tree/branch-actions";
import { moveBranch } from "@/lib/chat/tree/branches";
import { parseUserMessage } from "@/lib/chat/message";
import { readBranch } from "@/lib/chat/tree/queries";
import { withRetry } from "@/lib/db/retry";
import { db } from "@/lib/db/client";
import { ChatError, describeError } from "./errors";

/** Set from an action that asks for an answer to the end of that answer's turn. */
const isAsking = locals.create<boolean>("holdfast.isAsking");
/** The action whose answer this run has taken over. */
const takenOver = locals.create<string | null>("holdfast.takenOver");

/**
 * The database moves first and the history follows it: so the model sees exactly the branch that the reader sees, also
 * when this run has never heard of it. Throws a `ChatError`, whose words reach the reader.
 */
export async function walk(chatId: string, action: BranchAction): Promise<ActionTurn | void> {
  try {
    return await carryOut(chatId, action);
  } catch (error) {
    throw new ChatError(describeError(error), { cause: error });
  }
}

async function carryOut(chatId: string, action: BranchAction): Promise<ActionTurn | void> {
  // Its answer was broken off, and has by now been written again.
  if ("actionId" in action && action.actionId === locals.get(takenOver)) return;
  if (action.type === "edit") check(action);
  const { move, messages } = await withRetry(
    () =>
      db.$transaction(async (tx) => {
        const moved = await moveBranch(tx, chatId, action);
        const branch = await readBranch(tx, chatId);
        return { move: moved, messages: branch?.messages ?? [] };
      }),
    { doing: `Moving in chat ${chatId}` },
  );
  chat.history.set(move.question ? [...messages, move.question] : messages);
  if (!move.asks) return;
  locals.set(isAsking, true);
  return chat.turn();
}

function check({ newId, text }: Extract<BranchAction, { type: "edit" }>): void {
  parseUserMessage({ id: newId, role: "user", parts: [{ type: "text", text }] });
}

/** A run that takes over a broken answer finds the action that asked for it on the stream once more. */
export async function rememberTakenOver(chatId: string): Promise<void> {
  const row = await withRetry(
    () => db.chat.findUnique({ where: { id: chatId }, select: { actionId: true } }),
    { doing: `Reading chat ${chatId}` },
  );
  locals.set(takenOver, row?.actionId ?? null);
}

/**
 * To the runtime an action is done when its edit is saved, and its cursor moves behind it. A worker that died before
 * the first word of the answer would leave the question unanswered, so until the answer is there the action counts as
 * unread and the chat as running.
 */
export function untilAnswered<C extends TranscriptChangeset>(changeset: C): C {
  if (!locals.get(isAsking)) return changeset;
  switch (changeset.reason) {
    case "action":
    case "turn-start":
      return {
        ...changeset,
        reason: "turn-start",
        cursors: { lastOutEventId: changeset.cursors?.lastOutEventId },
      };
    case "turn-complete":
    case "turn-error":
      locals.set(isAsking, false);
      return changeset;
    case "compaction":
    case "recovery":
      return changeset;
  }
}
