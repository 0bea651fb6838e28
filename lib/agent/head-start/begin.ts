/**
 * A head start: the app's server asks the model for the first step of a new chat's first answer while the worker starts,
 * and writes it to the chat's stream. Then the worker carries on, with the calls of tools and everything after them.
 * What happens when this process dies, or no worker comes, is in lib/chat/revive/tend-head-start.ts.
 */
import { chat } from "@trigger.dev/sdk/chat-server";
import { generateId } from "ai";
import { endHeadStart, noteHandover, openHeadStart } from "@/lib/chat/head-start/head-starts";
import type { ChatMessage } from "@/lib/chat/message";
import { endAsWritten } from "@/lib/chat/revive/tend-head-start";
import { readOutput } from "@/lib/chat/revive/session-records";
import { saveUnlessChanged } from "@/lib/chat/tree/storage";
import type { Db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { BrokenStepError, firstStep } from "./first-step";

export type FirstQuestion = {
  chatId: string;
  userId: string;
  model: string | null;
  /** It passed the gate that every message passes. */
  message: ChatMessage;
};

/** Longer than a model thinks. A server that dies is noticed long before (lib/chat/head-start/head-starts.ts). */
const STEP_WITHIN_SECONDS = 600;
const empty = { headId: null, status: "idle", lastOutEventId: null, lastInEventId: null };

/**
 * Resolves when the question is saved and its session exists, so the browser can read the answer. The promise that it
 * returns resolves when the worker has been told; a server that sleeps after a response has to wait for it. Undefined:
 * this chat is answered by its agent alone.
 */
export async function beginHeadStart(
  db: Db,
  asked: FirstQuestion,
): Promise<{ completion: Promise<void> } | undefined> {
  const { chatId, userId, message } = asked;
  const answerId = generateId();
  if (!(await openHeadStart(db, { chatId, questionId: message.id, answerId }))) return undefined;
  // Beside the making of the session. No word of an answer is written before it is saved.
  const saved = saveQuestion(db, asked);
  saved.catch(() => {});
  try {
    const { completion } = await chat.startHeadStart({
      agentId: "chat",
      chatId,
      messages: [message],
      idleTimeoutInSeconds: STEP_WITHIN_SECONDS,
      // A second attempt would wait for a handover that its predecessor has taken; a new run does not.
      triggerConfig: { concurrencyKey: userId, maxAttempts: 1 },
      run: async ({ chat: helper, signal }) => {
        await saved;
        return firstStep(db, { ...asked, answerId, signal }, (tools) =>
          helper.toStreamTextOptions({ tools }),
        );
      },
    });
    await saved;
    return { completion: untilHandedOver(db, chatId, completion) };
  } catch (error) {
    // The browser asks in the usual way, which saves the question again under its id.
    await endHeadStart(db, chatId).catch(() => {});
    throw error;
  }
}

async function saveQuestion(db: Db, { chatId, message }: FirstQuestion): Promise<void> {
  const isFirst = await withRetry(
    () => saveUnlessChanged(db, chatId, empty, { reason: "turn-start", changes: [{ op: "put", message }] }),
    { doing: `Saving the first question of chat ${chatId}` },
  );
  if (!isFirst) throw new Error(`Chat ${chatId} has messages already.`);
}

async function untilHandedOver(db: Db, chatId: string, completion: Promise<void>): Promise<void> {
  try {
    await completion;
    await withRetry(() => noteHandover(db, chatId), { doing: `Handing over chat ${chatId}` });
  } catch (error) {
    // Anything else is found and mended when this server's time is up.
    if (!(error instanceof BrokenStepError)) throw error;
    await untilWritten(chatId);
    const row = await db.chat.findFirst({ where: { id: chatId, deletedAt: null } });
    if (row?.status === "running") await endAsWritten(db, row);
  }
}

const WRITTEN_WITHIN_MS = 10_000;
const LOOK_MS = 50;
const ENDS = new Set<string>(["abort", "error", "finish-step"]);

/** The SDK writes the stream in the background, and tells nobody when it is done with a step that broke off. */
async function untilWritten(chatId: string): Promise<void> {
  for (const deadline = Date.now() + WRITTEN_WITHIN_MS; Date.now() < deadline;) {
    const last = (await readOutput(chatId, null)).at(-1)?.chunk;
    if (last && ENDS.has(last.type)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
