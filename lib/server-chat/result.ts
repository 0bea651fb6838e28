/** An answer as one result: what is saved of it, and what it waits for. */
import { getToolName, isToolUIPart, type UIMessageChunk } from "ai";
import type { DbClient } from "@/lib/db/client";
import { messageText, type ChatMessage } from "@/lib/chat/message";
import { readStored, type StoredMessage } from "@/lib/chat/message-versions";
import { STEERING_PREFIX } from "@/lib/chat/steering-id";
import { listChatRequests, type RequestView } from "@/lib/chat/requests/views";
import type { Answer, ApiRequest } from "./schemas";

/** What the stream said about the answer, where the saved transcript does not. */
export type Heard = {
  error?: string | undefined;
  isRunning?: boolean;
  text?: string;
  cursor?: string | null;
};

type SavedAnswer = { message: ChatMessage; final: boolean };

/** The answer to a question, or the shown end of the chat when `question` is null. */
export async function readResult(
  db: DbClient,
  chatId: string,
  question: string | null,
  { error, isRunning = false, text, cursor }: Heard = {},
): Promise<Answer> {
  const chat = await db.chat.findUniqueOrThrow({
    where: { id: chatId },
    select: { headId: true, status: true, failure: true, lastOutEventId: true },
  });
  const { questionId, isAsked, saved } =
    question === null ? await shownAnswer(db, chatId, chat.headId) : await answerTo(db, chatId, question);
  const requests = saved ? await pendingRequests(db, chatId, saved.message.id) : [];
  const isRefused = question !== null && !isAsked && !isRunning;
  const failure =
    error ??
    (chat.status === "failed" && !saved?.final ? chat.failure : undefined) ??
    (isRefused ? "This message was refused, so it has no answer." : undefined);
  const answer = isRunning ? undefined : saved?.message;
  return {
    chatId,
    messageId: questionId ?? question,
    answerId: saved?.message.id ?? null,
    status: statusOf(),
    text: answer ? messageText(answer) : (text ?? ""),
    ...toolsOf(answer),
    requests,
    ...(failure && !isRunning && { error: failure }),
    cursor: cursor ?? chat.lastOutEventId,
  };

  function statusOf(): Answer["status"] {
    if (isRunning) return "running";
    if (error !== undefined || isRefused) return "failed";
    if (saved?.final) return requests.length > 0 ? "waiting" : "completed";
    if (chat.status === "failed") return "failed";
    if (chat.status === "running") return "running";
    // The end of an empty chat lacks nothing.
    return question === null && !questionId ? "completed" : "stopped";
  }
}

/** A request with the id by which callers decide it: a call's own id is unique only within its message. */
export function toApiRequest(request: RequestView): ApiRequest {
  const { messageId, toolCallId, tool, kind, title, why, input, schema, phrase, state } = request;
  const { reason, decidedAt, expiresAt, createdAt } = request;
  return {
    id: `${messageId}.${toolCallId}`,
    messageId,
    toolCallId,
    tool,
    kind,
    title,
    why,
    input,
    ...(schema !== undefined && schema !== null && { schema }),
    phrase,
    state,
    reason,
    decidedAt,
    expiresAt,
    createdAt,
  };
}

/** The parts of a request's id. Message ids have no dots. */
export function requestName(id: string): { messageId: string; toolCallId: string } | null {
  const dot = id.indexOf(".");
  return dot > 0 && dot < id.length - 1
    ? { messageId: id.slice(0, dot), toolCallId: id.slice(dot + 1) }
    : null;
}

/** A saved answer in the words of a stream. */
export function chunksOf({ id, parts, metadata }: ChatMessage): UIMessageChunk[] {
  const chunks = parts.flatMap((part, index): UIMessageChunk[] => {
    const name = `${part.type}-${index}`;
    if (part.type === "text" || part.type === "reasoning")
      return [
        { type: `${part.type}-start`, id: name },
        { type: `${part.type}-delta`, id: name, delta: part.text },
        { type: `${part.type}-end`, id: name },
      ];
    if (part.type === "step-start") return [{ type: "start-step" }];
    if (part.type === "file") return [{ type: "file", url: part.url, mediaType: part.mediaType }];
    if (part.type === "source-url" || part.type === "source-document") return [part];
    if (!isToolUIPart(part)) return part.type.startsWith("data-") ? [part as UIMessageChunk] : [];
    const { toolCallId } = part;
    const call = { toolCallId, toolName: getToolName(part), input: part.input };
    const dynamic = part.type === "dynamic-tool" && { dynamic: true };
    const result: UIMessageChunk[] =
      part.state === "output-available"
        ? [{ type: "tool-output-available", toolCallId, output: part.output, ...dynamic }]
        : part.state === "output-error"
          ? [{ type: "tool-output-error", toolCallId, errorText: part.errorText, ...dynamic }]
          : part.state === "output-denied"
            ? [{ type: "tool-output-denied", toolCallId }]
            : [];
    return [{ type: "tool-input-available", ...call, ...dynamic }, ...result];
  });
  return [
    { type: "start", messageId: id, ...(metadata !== undefined && { messageMetadata: metadata }) },
    ...chunks,
    { type: "finish" },
  ];
}

async function pendingRequests(db: DbClient, chatId: string, messageId: string): Promise<ApiRequest[]> {
  const requests = await listChatRequests(db, chatId);
  return requests
    .filter((request) => request.messageId === messageId && request.state === "pending")
    .map(toApiRequest);
}

const columns = {
  id: true,
  parentId: true,
  role: true,
  message: true,
  messageId: true,
  final: true,
} as const;

type Row = {
  id: string;
  parentId: string | null;
  role: string;
  message: unknown;
  messageId: string;
  final: boolean;
};

/** The newest answer below the question. Messages that were added to the running answer stand between the two. */
async function answerTo(db: DbClient, chatId: string, messageId: string) {
  let node: Row | null = await db.message.findFirst({
    where: { chatId, messageId, removedAt: null },
    orderBy: { order: "desc" },
    select: columns,
  });
  const isAsked = node !== null;
  for (let parent = node; parent; parent = node) {
    const children: Row[] = await db.message.findMany({
      where: { chatId, parentId: parent.id, removedAt: null },
      orderBy: { order: "desc" },
      select: columns,
    });
    const next = children.find(
      (child) => child.role === "assistant" || child.messageId.startsWith(STEERING_PREFIX),
    );
    if (next?.role === "assistant") return { questionId: messageId, isAsked, saved: toSaved(next) };
    node = next ?? null;
  }
  return { questionId: messageId, isAsked, saved: undefined };
}

async function shownAnswer(db: DbClient, chatId: string, headId: string | null) {
  let node: Row | null =
    headId === null ? null : await db.message.findFirst({ where: { chatId, id: headId }, select: columns });
  const saved = node?.role === "assistant" ? toSaved(node) : undefined;
  while (node && node.role !== "user")
    node =
      node.parentId === null
        ? null
        : await db.message.findFirst({ where: { chatId, id: node.parentId }, select: columns });
  return { questionId: node?.messageId ?? null, isAsked: node !== null, saved };
}

function toSaved({ message, final }: Row): SavedAnswer {
  return { message: readStored(message as StoredMessage), final };
}

function toolsOf(message: ChatMessage | undefined): Pick<Answer, "toolCalls" | "toolResults"> {
  const calls = message?.parts.filter(isToolUIPart) ?? [];
  return {
    toolCalls: calls.map((part) => ({
      toolCallId: part.toolCallId,
      toolName: getToolName(part),
      input: part.input ?? null,
    })),
    toolResults: calls.flatMap((part): Answer["toolResults"] => {
      const { toolCallId } = part;
      if (part.state === "output-available") return [{ toolCallId, output: part.output }];
      if (part.state === "output-error") return [{ toolCallId, error: part.errorText }];
      if (part.state === "output-denied") return [{ toolCallId, error: "Denied." }];
      return [];
    }),
  };
}
