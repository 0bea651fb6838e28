/** A browser page without a browser: the transport and the `fetch` that the real one uses, and what it reads. */
import { auth } from "@trigger.dev/sdk";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import { TriggerChatTransport } from "@trigger.dev/sdk/chat";
import type { UIMessageChunk } from "ai";
import { patientFetch } from "@/components/chat/patient-fetch";
import type { BranchAction } from "@/lib/chat/branch-actions";
import { deliverDecisions } from "@/lib/chat/deliver";
import { messageText, type ChatMessage } from "@/lib/chat/message";
import { createChat, loadTranscript, type Transcript } from "@/lib/chat/queries";
import type { Db } from "@/lib/db";

/** Where the pages live. The SDK's server side has been pointed at the engine with `configure`. */
export type Site = { db: Db; userId: string; engineUrl: string };

export type PageOptions = {
  /** Another way to the engine, for example through a proxy. */
  baseURL?: string;
  accessToken?: () => Promise<string>;
};

export type TestPage = {
  transport: TriggerChatTransport;
  ask(text: string, id?: string): Promise<ReadableStream<UIMessageChunk>>;
  /** Walks the tree. The stream ends when it is done, and has the answer if it asks for one. */
  walk(action: BranchAction): Promise<ReadableStream<UIMessageChunk>>;
  /** Answers the last question again. */
  retry(): Promise<ReadableStream<UIMessageChunk>>;
};

export function openPage(site: Site, chatId: string, options: PageOptions = {}): TestPage {
  const { db, userId } = site;
  const startSession = chatSdk.createStartSessionAction("chat");
  const transport = new TriggerChatTransport({
    task: "chat",
    baseURL: options.baseURL ?? site.engineUrl,
    fetch: patientFetch(() => {}),
    accessToken: options.accessToken ?? (() => mint(chatId)),
    startSession: async () => {
      await createChat(db, { id: chatId, userId });
      return startSession({ chatId });
    },
  });
  return {
    transport,
    ask: (text, id = crypto.randomUUID()) =>
      transport.sendMessages({
        trigger: "submit-message",
        chatId,
        messageId: undefined,
        messages: [question(id, text)],
        abortSignal: undefined,
      }),
    walk: (action) => transport.sendAction(chatId, action),
    retry: () =>
      transport.sendMessages({
        trigger: "regenerate-message",
        chatId,
        messageId: undefined,
        messages: [],
        abortSignal: undefined,
      }),
  };
}

/**
 * The page after a reload: what is saved, and the stream from there on. The same steps as `connect` in
 * components/chat/use-durable-chat.ts. No stream: nothing is to come.
 */
export async function reload(site: Site, chatId: string, options: PageOptions = {}) {
  const [transcript, publicAccessToken] = await Promise.all([loadTranscript(site.db, chatId), mint(chatId)]);
  if (!transcript) throw new Error(`There is no chat ${chatId}`);
  const page = openPage(site, chatId, options);
  const { lastOutEventId, lastInEventId } = transcript.cursors;
  page.transport.setSession(chatId, {
    publicAccessToken,
    ...(lastOutEventId === undefined ? {} : { lastEventId: lastOutEventId }),
    ...(transcript.status === "running" && {
      activeInputSeq: Number(lastInEventId ?? -1) + 1,
      isStreaming: true,
    }),
  });
  const stream = await page.transport.reconnectToStream({ chatId });
  return { ...page, transcript, stream };
}

/** Delivers what is decided, and reads the rest of the answer from what is saved on. */
export async function followDecisions(site: Site, chatId: string): Promise<ReadableStream<UIMessageChunk>> {
  const { transport } = openPage(site, chatId);
  const { cursors } = (await loadTranscript(site.db, chatId))!;
  transport.setSession(chatId, {
    publicAccessToken: await mint(chatId),
    lastEventId: cursors.lastOutEventId!,
    activeInputSeq: Number(cursors.lastInEventId) + 1,
    isStreaming: true,
  });
  await deliverDecisions(site.db, { chatId });
  const stream = await transport.reconnectToStream({ chatId });
  if (!stream) throw new Error("Nothing is to come");
  return stream;
}

export function mint(chatId: string): Promise<string> {
  return auth.createPublicToken({ scopes: { read: { sessions: chatId }, write: { sessions: chatId } } });
}

function question(id: string, text: string): ChatMessage {
  return { id, role: "user", parts: [{ type: "text", text }] };
}

export type Answer = {
  id: string | undefined;
  text: string;
  starts: number;
  errors: string[];
  chunks: number;
  /** Every answer that came to its end, the last one included: a page on a stream may see several. */
  finished: Array<{ id: string | undefined; text: string }>;
};

/** Reads to the end. An answer that starts again under a new id voids what came before it. */
export async function readAnswer(
  stream: ReadableStream<UIMessageChunk>,
  onChunk?: (seen: number, chunk: UIMessageChunk) => void | Promise<void>,
): Promise<Answer> {
  const answer: Answer = { id: undefined, text: "", starts: 0, errors: [], chunks: 0, finished: [] };
  for await (const chunk of iterate(stream)) {
    answer.chunks += 1;
    if (chunk.type === "start")
      Object.assign(answer, { id: chunk.messageId, text: "", starts: answer.starts + 1 });
    if (chunk.type === "text-start" && answer.text !== "") answer.text += "\n";
    if (chunk.type === "text-delta") answer.text += chunk.delta;
    if (chunk.type === "error") answer.errors.push(chunk.errorText);
    if (chunk.type === "finish") answer.finished.push({ id: answer.id, text: answer.text });
    await onChunk?.(answer.chunks, chunk);
  }
  return answer;
}

async function* iterate<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

/** The transcript once the turn that was answered is saved: the last chunk is out a moment before the save. */
export async function savedTranscript(db: Db, chatId: string, patienceMs = 15_000): Promise<Transcript> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const transcript = await loadTranscript(db, chatId);
    if (transcript && transcript.status !== "running") return transcript;
    if (Date.now() > deadline) throw new Error(`The turn of ${chatId} was never saved`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export type Line = [role: string, text: string];

export function lines(transcript: Pick<Transcript, "messages">): Line[] {
  return transcript.messages.map((message) => [message.role, messageText(message).trim()]);
}

/** What the demo model answers to "count to 5". */
export function counted(to: number): string {
  return Array.from({ length: to + 1 }, (_, number) => number).join(" ");
}

export function newChatId(): string {
  return crypto.randomUUID();
}
