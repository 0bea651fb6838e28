/** Exports chats: Markdown for people, JSON for programs. Written piece by piece, so that no chat is in memory whole. */
import { listApiKeys } from "@/lib/api-keys/keys";
import type { DbClient } from "@/lib/db/client";
import type { Chat } from "@/prisma/generated/client";
import { branchIds, readNodes, type BranchNode } from "../tree/branch";
import type { ChatMessage } from "../message";

type ExportedChat = Pick<Chat, "id" | "title" | "headId" | "model" | "createdAt" | "updatedAt">;

/** The shown branch, as somebody would read it. */
export async function* exportMarkdown(db: DbClient, chat: ExportedChat): AsyncGenerator<string> {
  yield `# ${oneLine(chat.title ?? "Chat")}\n`;
  if (chat.headId === null) return;
  const ids = await branchIds(db, chat.id, chat.headId);
  for await (const { message, final } of readNodes(db, chat.id, ids)) {
    yield `\n## ${message.role === "user" ? "You" : "Assistant"}\n\n${toMarkdown(message)}\n`;
    if (!final) yield "\n_This answer is incomplete._\n";
  }
}

/** The whole tree, every branch of it, as one JSON document. */
export async function* exportJson(db: DbClient, chat: ExportedChat): AsyncGenerator<string> {
  const { id, title, model, headId, createdAt, updatedAt } = chat;
  const head = JSON.stringify({
    format: "holdfast-chat",
    version: 1,
    id,
    title,
    model,
    headId,
    createdAt,
    updatedAt,
  });
  yield `${head.slice(0, -1)},"messages":[`;
  const ids = await treeIds(db, id);
  let isFirst = true;
  for await (const node of readNodes(db, id, ids)) {
    yield `${isFirst ? "" : ","}\n${JSON.stringify(exportNode(node))}`;
    isFirst = false;
  }
  yield "\n]}\n";
}

/**
 * All chats of a person, archived ones included: a line of JSON for each chat, then one for each of its messages. Then the
 * API keys, without what opens anything.
 */
export async function* exportEverything(db: DbClient, userId: string): AsyncGenerator<string> {
  const chats = await db.chat.findMany({
    where: { userId, deletedAt: null },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    select: { id: true, title: true, model: true, headId: true, createdAt: true, updatedAt: true },
  });
  for (const chat of chats) {
    yield `${JSON.stringify({ type: "chat", version: 1, ...chat })}\n`;
    for await (const node of readNodes(db, chat.id, await treeIds(db, chat.id))) {
      yield `${JSON.stringify({ type: "message", chatId: chat.id, ...exportNode(node) })}\n`;
    }
  }
  for (const key of await listApiKeys(db, userId)) yield `${JSON.stringify({ type: "api-key", ...key })}\n`;
}

/** A name that every file system takes, as plain ASCII and as what the person wrote (RFC 5987). */
export function contentDisposition(title: string, extension: string): string {
  const name = oneLine(title.replaceAll(/[\\/:*?"<>|=;\p{C}]/gu, " ")).slice(0, 80);
  const ascii = name.replaceAll(/[^\w .()-]/g, "").trim() || "chat";
  const encoded = encodeURIComponent((name || "chat").toWellFormed()).replaceAll(/['()*]/g, percentEncoded);
  return `attachment; filename="${ascii}.${extension}"; filename*=UTF-8''${encoded}.${extension}`;
}

const CONTENT_TYPES = {
  md: "text/markdown; charset=utf-8",
  json: "application/json; charset=utf-8",
  ndjson: "application/x-ndjson; charset=utf-8",
  csv: "text/csv; charset=utf-8; header=present",
};

/** A download that nobody keeps for somebody else, written as it is read. */
export function fileResponse(
  pieces: AsyncGenerator<string>,
  { title, extension }: { title: string; extension: keyof typeof CONTENT_TYPES },
): Response {
  return new Response(streamText(pieces), {
    headers: {
      "content-type": CONTENT_TYPES[extension],
      "content-disposition": contentDisposition(title, extension),
      "cache-control": "private, no-store",
    },
  });
}

/** A response body that asks for the next piece when the reader has room for it. */
function streamText(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

async function treeIds(db: DbClient, chatId: string): Promise<string[]> {
  const rows = await db.message.findMany({
    where: { chatId, removedAt: null },
    orderBy: { order: "asc" },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

function exportNode({ id, parentId, final, createdAt, message }: BranchNode) {
  return { id, parentId, createdAt, isPartial: !final, message };
}

function toMarkdown({ parts }: ChatMessage): string {
  return parts
    .map(partToMarkdown)
    .filter((text) => text !== "")
    .join("\n\n");
}

/** Text as it is; of what is no text, that it was there. */
function partToMarkdown(part: ChatMessage["parts"][number]): string {
  if (part.type === "text") return part.text;
  if (part.type === "reasoning") return part.text === "" ? "" : quote(part.text);
  if (part.type === "file") return `_File: ${oneLine(part.filename ?? part.mediaType)}_`;
  if (part.type === "source-url") return `Source: ${part.url}`;
  if (part.type.startsWith("tool-") || part.type === "dynamic-tool") {
    const name = "toolName" in part ? part.toolName : part.type.slice("tool-".length);
    const tool = part as { input?: unknown; output?: unknown; errorText?: string };
    const lines = { input: tool.input, output: tool.output, error: tool.errorText };
    return `**Tool: ${name}**\n\n${fence(JSON.stringify(lines, null, 2))}`;
  }
  return "";
}

function quote(text: string): string {
  return text
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

/** Longer than any fence inside. */
function fence(code: string): string {
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map((run) => run.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}json\n${code}\n${ticks}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
