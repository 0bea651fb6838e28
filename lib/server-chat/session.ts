/** The chat's durable session, as callers of the API use it: the same records as a page writes, with the server's key. */
import { createHash, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { triggerApi } from "@/lib/trigger-api";
import { chat } from "@trigger.dev/sdk/ai";
import type { UIMessage } from "ai";
import type { Db } from "@/lib/db/client";
import type { BranchAction } from "@/lib/chat/tree/branch-actions";
import { findOwnedChat } from "@/lib/chat/tree/queries";
import { currentRun } from "@/lib/chat/revive/current-run";
import { expectAnswer } from "@/lib/chat/revive/revive";
import { ApiError, chatNotFound } from "./api-error";

const startSession = chat.createStartSessionAction("chat");

type OwnChat = { chatId: string; userId: string };

/** Makes sure that the chat has a session with a run. The queue is fair per person, so it needs the owner. */
export async function startRun(db: Db, { chatId, userId }: OwnChat): Promise<void> {
  await reached(startSession({ chatId, triggerConfig: { concurrencyKey: userId } }));
  // Deleted meanwhile: the sweep ends what was started, because the deletion wrote that down.
  if (!(await findOwnedChat(db, chatId, userId))) throw chatNotFound();
}

/** Writes a message. Resolves with its input record; undefined when the engine does not say. */
export function appendMessage(db: Db, own: OwnChat, message: UIMessage): Promise<number | undefined> {
  return append(db, own, { trigger: "submit-message", message }, message.id);
}

/** Asks for an answer on another branch. */
export function appendAction(db: Db, own: OwnChat, action: BranchAction): Promise<number | undefined> {
  return append(db, own, { trigger: "action", action }, action.actionId);
}

/** Ends the running answer. A stop is kept until a run receives it. */
export async function appendStop(chatId: string): Promise<void> {
  await write(chatId, { kind: "stop" }, randomUUID());
}

/** Has the run leave when it has nothing to do. False when none is there, because the record would start one. */
export async function closeRun(chatId: string): Promise<boolean> {
  const run = await reached(currentRun(chatId));
  if (!run?.isAlive) return false;
  await write(chatId, { kind: "message", payload: { chatId, trigger: "close" } }, randomUUID());
  return true;
}

async function append(
  db: Db,
  own: OwnChat,
  payload: { trigger: string; [key: string]: unknown },
  id: string,
): Promise<number | undefined> {
  const { chatId } = own;
  const record = { kind: "message", payload: { chatId, ...payload } };
  // The same id is the same record, also when two requests with it arrive at once.
  const partId = createHash("sha256").update(`${payload.trigger} ${id}`).digest("base64url");
  // If no run starts for it, this is the only record of it.
  await expectAnswer(db, chatId);
  const first = await write(chatId, record, partId);
  if (first !== "no-session") return first.seq;
  await startRun(db, own);
  const second = await write(chatId, record, partId);
  if (second === "no-session") throw unreachable();
  return second.seq;
}

const ATTEMPTS = 4;
const PAUSE_MS = 250;

/** Repeated while the engine can't be reached, under the same part id. */
async function write(
  chatId: string,
  record: object,
  partId: string,
): Promise<{ seq?: number } | "no-session"> {
  const { baseURL, headers } = triggerApi();
  const address = `${baseURL}/realtime/v1/sessions/${encodeURIComponent(chatId)}/in/append`;
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(address, {
      method: "POST",
      headers: {
        ...headers,
        "content-type": "application/json",
        "x-part-id": partId,
      },
      body: JSON.stringify(record),
      signal: AbortSignal.timeout(10_000),
      cache: "no-store",
    }).catch(() => undefined);
    if (response?.ok) return (await response.json()) as { seq?: number };
    if (response?.status === 404) return "no-session";
    if (response) await refuse(response);
    if (attempt === ATTEMPTS) throw unreachable();
    await pause(PAUSE_MS * 2 ** attempt);
  }
}

async function refuse(response: Response): Promise<void> {
  await response.body?.cancel();
  if (response.status === 409 || response.status === 400)
    throw new ApiError(409, "chat-closed", "This chat is closed. Create another one.");
  if (response.status === 413)
    throw new ApiError(413, "too-large", "This message is too large. Send it in parts.");
}

/** An engine that is away is no fault of the caller's. */
async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { status } = error as { status?: unknown };
    if (status === 409) throw new ApiError(409, "chat-closed", "This chat is closed. Create another one.");
    if (error instanceof ApiError) throw error;
    throw unreachable(error);
  }
}

function unreachable(cause?: unknown): ApiError {
  const error = new ApiError(
    503,
    "engine-unreachable",
    "The agent can't be reached right now. Send the same request again in a moment.",
  );
  error.cause = cause;
  return error;
}
