/** Asks the agent for answers, as a page does: a message, a message into the running answer, or another branch. */
import { generateId } from "ai";
import { requireRoomForAnswer } from "@/lib/chat/chats/parallel-answers";
import { InvalidMessageError, parseUserMessage, saysTheSame, type ChatMessage } from "@/lib/chat/message";
import { readInput, type InRecord } from "@/lib/chat/revive/session-records";
import { steeringId } from "@/lib/chat/steering-id";
import { BranchError, type BranchAction } from "@/lib/chat/tree/branch-actions";
import { findNode } from "@/lib/chat/tree/heads";
import type { Db } from "@/lib/db/client";
import type { Chat } from "@/prisma/generated/client";
import { ApiError } from "./api-error";
import type { ApiAction, NewMessage } from "./schemas";
import { appendAction, appendMessage } from "./session";

/** Something that was asked, and where its answer begins. */
export type Asked = {
  chatId: string;
  /** The question that is answered; null for whatever the chat shows at its end. */
  question: string | null;
  /** The input record that is answered; undefined when the answer is saved already. */
  input: number | null | undefined;
  /** An input record that is answered before it. */
  previous?: number | undefined;
  /** The record of the stream after which the answer comes. */
  after: string | null;
};

/** Sends a message once, however often it is called with the same id. While an answer is being written, it comes next. */
export async function sendMessage(db: Db, chat: Chat, given: NewMessage): Promise<Asked> {
  const message = toMessage(given);
  return (await findSent(db, chat, message)) ?? appendNew(db, chat, message);
}

/** Adds a message to the running answer. Without one it is a question of its own. */
export async function steer(
  db: Db,
  chat: Chat,
  given: NewMessage,
): Promise<{ messageId: string; isSteered: boolean }> {
  const message = toMessage({ ...given, id: steeringId(given.id ?? generateId()) });
  const pending = await readInput(chat.id, chat.lastInEventId);
  const isSteered = pending.length > 0 || chat.status === "running";
  // Sent before, also when its answer is over by now.
  const sent = await findSent(db, chat, message, pending);
  if (!sent) await appendNew(db, chat, message);
  return { messageId: message.id, isSteered };
}

/** Asks for an answer on another branch. Refused while an answer is being written, which belongs to the shown one. */
export async function askOnBranch(
  db: Db,
  chat: Chat,
  given: Extract<ApiAction, { type: "edit" | "regenerate" }>,
): Promise<Asked> {
  const actionId = given.actionId ?? generateId();
  const action: BranchAction =
    given.type === "edit"
      ? { type: "edit", actionId, nodeId: given.nodeId, text: given.text, newId: given.newId ?? generateId() }
      : { type: "regenerate", actionId, nodeId: given.nodeId };
  const question = await questionOf(db, chat, action);
  const pending = await readInput(chat.id, chat.lastInEventId);
  const after = chat.lastOutEventId;
  const sent = pending.find((record) => (record.action as { actionId?: unknown })?.actionId === actionId);
  if (sent) return { chatId: chat.id, question, input: sent.seq, previous: before(pending, sent.seq), after };
  const isDone =
    action.type === "edit"
      ? (await findNode(db, chat.id, action.newId)) !== undefined
      : chat.actionId === actionId;
  if (isDone && chat.status !== "running") return { chatId: chat.id, question, input: undefined, after };
  if (pending.length > 0 || chat.status === "running") throw new BranchError("answer-running");
  await requireRoomForAnswer(db, { userId: chat.userId, chatId: chat.id });
  const seq = await appendAction(db, { chatId: chat.id, userId: chat.userId }, action);
  return located(
    chat,
    question,
    seq,
    (record) => (record.action as { actionId?: unknown })?.actionId === actionId,
  );
}

/** Whatever is being written or waits to be. Undefined input: nothing is. */
export async function findRunning(chat: Chat): Promise<Pick<Asked, "input">> {
  const pending = await readInput(chat.id, chat.lastInEventId);
  const last = pending.at(-1);
  if (last) return { input: last.seq };
  // An answer that was broken off, and that no input asked for.
  return { input: chat.status === "running" ? null : undefined };
}

async function findSent(
  db: Db,
  chat: Chat,
  message: ChatMessage,
  known?: InRecord[],
): Promise<Asked | undefined> {
  const after = chat.lastOutEventId;
  const pending = known ?? (await readInput(chat.id, chat.lastInEventId));
  const sent = pending.find((record) => isMessage(record, message.id));
  const node = await findNode(db, chat.id, message.id);
  const earlier = node?.message ?? (sent?.message as ChatMessage | undefined);
  if (!earlier) return undefined;
  if (earlier.role !== "user" || !saysTheSame(earlier, message))
    throw new ApiError(
      409,
      "id-taken",
      "Another message was sent with this `id`. Send this one with another id.",
      "id",
    );
  const found = { chatId: chat.id, question: message.id, after };
  return sent
    ? { ...found, input: sent.seq, previous: before(pending, sent.seq) }
    : { ...found, input: undefined };
}

async function appendNew(db: Db, chat: Chat, message: ChatMessage): Promise<Asked> {
  await requireRoomForAnswer(db, { userId: chat.userId, chatId: chat.id });
  const seq = await appendMessage(db, { chatId: chat.id, userId: chat.userId }, message);
  return located(chat, message.id, seq, (record) => isMessage(record, message.id));
}

/** Read afterwards, because another writer may have come in between. */
async function located(
  chat: Chat,
  question: string | null,
  seq: number | undefined,
  isIt: (record: InRecord) => boolean,
): Promise<Asked> {
  const pending = await readInput(chat.id, chat.lastInEventId);
  // The engine does not always say where a repeated record stands.
  const found = seq ?? pending.find(isIt)?.seq;
  // A repeated message that was refused is not answered again.
  const input = found !== undefined && found <= Number(chat.lastInEventId ?? -1) ? undefined : found;
  return {
    chatId: chat.id,
    question,
    input,
    ...(input !== undefined && { previous: before(pending, input) }),
    after: chat.lastOutEventId,
  };
}

function before(pending: InRecord[], seq: number): number | undefined {
  return pending.findLast((record) => record.seq < seq)?.seq;
}

function isMessage({ message }: InRecord, id: string): boolean {
  return typeof message === "object" && message !== null && "id" in message && message.id === id;
}

async function questionOf(db: Db, chat: Chat, action: BranchAction): Promise<string> {
  const node = await findNode(db, chat.id, action.nodeId);
  if (!node) throw new BranchError("message-not-found");
  if (action.type === "edit") {
    if (node.role !== "user") throw new BranchError("not-a-question");
    toMessage({ id: action.newId, text: action.text });
    return action.newId;
  }
  if (node.role === "user") return node.messageId;
  const parent = node.parentId === null ? undefined : await findNode(db, chat.id, node.parentId);
  if (!parent) throw new BranchError("no-question");
  return parent.messageId;
}

function toMessage({ id = generateId(), text, parts }: NewMessage): ChatMessage {
  try {
    return parseUserMessage({ id, role: "user", parts: parts ?? [{ type: "text", text }] });
  } catch (error) {
    if (!(error instanceof InvalidMessageError)) throw error;
    throw new ApiError(400, "invalid", error.message, parts ? "parts" : "text");
  }
}
