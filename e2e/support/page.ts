/** A browser page without a browser: the transport and the `fetch` that the real one uses, and what it reads. */
import { auth } from "@trigger.dev/sdk";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import { TriggerChatTransport } from "@trigger.dev/sdk/chat";
import type { UIMessageChunk } from "ai";
import { retryingFetch } from "@/components/chat/durable/transport/retrying-fetch";
import type { BranchAction, BranchMove } from "@/lib/chat/tree/branch-actions";
import { moveBranch } from "@/lib/chat/tree/move-branch";
import { deliverDecisions } from "@/lib/chat/requests/deliver";
import { messageText, type ChatMessage } from "@/lib/chat/message";
import { createChat, loadTranscript, type Transcript } from "@/lib/chat/tree/queries";
import { type AnswerProgress, expectAnswer } from "@/lib/chat/revive/revive";
import { readInput } from "@/lib/chat/revive/session-records";
import type { Db } from "@/lib/db/client";

/** Where the pages live. The SDK's server side has been pointed at the engine with `configure`. */
export type Site = {
  db: Db;
  userId: string;
  engineUrl: string;
  /** Has the server look after an answer that does not come, as the real page does. Without it the page only waits. */
  lookAfter?: (chatId: string) => Promise<AnswerProgress>;
};

export type PageOptions = {
  /** Another way to the engine, for example through a proxy. */
  baseURL?: string;
  accessToken?: () => Promise<string>;
  /** Whose it is to the queue. Default: nobody's, so that a test may have many chats. */
  concurrencyKey?: string;
};

export type TestPage = {
  transport: TriggerChatTransport;
  ask(text: string, id?: string): Promise<ReadableStream<UIMessageChunk>>;
  /** Asks on another branch. The stream has the answer. */
  act(action: BranchAction): Promise<ReadableStream<UIMessageChunk>>;
  /** Moves through the tree, as the server action of the same name does. */
  move(move: BranchMove): Promise<Transcript>;
  /** Answers the last question again. */
  retry(): Promise<ReadableStream<UIMessageChunk>>;
};

export function openPage(site: Site, chatId: string, options: PageOptions = {}): TestPage {
  const { db, userId } = site;
  const startSession = chatSdk.createStartSessionAction("chat");
  const transport = new TriggerChatTransport({
    task: "chat",
    baseURL: options.baseURL ?? site.engineUrl,
    fetch: retryingFetch(() => {}),
    accessToken: options.accessToken ?? (() => mint(chatId)),
    startSession: async () => {
      await createChat(db, { id: chatId, userId });
      await expectAnswer(db, chatId);
      const { concurrencyKey } = options;
      return startSession({ chatId, ...(concurrencyKey && { triggerConfig: { concurrencyKey } }) });
    },
  });
  const act = async (action: BranchAction) =>
    watched(site, chatId, await transport.sendAction(chatId, action));
  return {
    transport,
    async ask(text, id = crypto.randomUUID()) {
      const messages = [question(id, text)];
      const trigger = "submit-message" as const;
      const request = { trigger, chatId, messageId: undefined, messages, abortSignal: undefined };
      return watched(site, chatId, await transport.sendMessages(request));
    },
    act,
    async move(move) {
      // The last word of an answer is read a moment before it is saved. The real page waits for that, too.
      await savedTranscript(db, chatId);
      return moveBranch(db, { chatId, userId }, move);
    },
    async retry() {
      const last = (await loadTranscript(db, chatId))?.messages.at(-1);
      if (!last) throw new Error("Nothing was asked yet");
      return act({ type: "regenerate", actionId: crypto.randomUUID(), nodeId: last.id });
    },
  };
}

/**
 * The page after a reload: what is saved, and the stream from there on. The same steps as `connect` in
 * components/chat/durable/expected-turn.ts. No stream: nothing is to come.
 */
export async function reload(site: Site, chatId: string, options: PageOptions = {}) {
  await lookBriefly(site, chatId);
  const [transcript, publicAccessToken] = await Promise.all([loadTranscript(site.db, chatId), mint(chatId)]);
  if (!transcript) throw new Error(`There is no chat ${chatId}`);
  const page = openPage(site, chatId, options);
  const { lastOutEventId, lastInEventId } = transcript.cursors;
  void lookAfterPending(site, chatId, lastInEventId).catch(() => {}); // The sweep looks, too.
  page.transport.setSession(chatId, {
    publicAccessToken,
    ...(lastOutEventId === undefined ? {} : { lastEventId: lastOutEventId }),
    ...(transcript.status === "running" && {
      activeInputSeq: Number(lastInEventId ?? -1) + 1,
      isStreaming: true,
    }),
  });
  const stream = await page.transport.reconnectToStream({ chatId });
  return { ...page, transcript, stream: stream && watched(site, chatId, stream) };
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
  return watched(site, chatId, stream);
}

const LOOK_WITHIN_MS = 2_500;
const SILENCE_MS = 10_000;
const LONGEST_SILENCE_MS = 30_000;

/** Before a page is made of what is saved, as in app/(chat)/chat/[id]/page.tsx. */
async function lookBriefly({ db, lookAfter }: Site, chatId: string): Promise<void> {
  if (!lookAfter) return;
  const chat = await db.chat.findUnique({ where: { id: chatId }, select: { lookAt: true, status: true } });
  if (chat?.lookAt || chat?.status === "running") await within(lookAfter(chatId), LOOK_WITHIN_MS);
}

async function lookAfterPending(
  { lookAfter }: Site,
  chatId: string,
  lastInEventId: string | undefined,
): Promise<void> {
  if (lookAfter && (await readInput(chatId, lastInEventId ?? null)).length > 0) await lookAfter(chatId);
}

/** As components/chat/durable/reviving.ts: whoever hears nothing for a while asks, and shows what is saved when that is all. */
function watched(
  site: Site,
  chatId: string,
  stream: ReadableStream<UIMessageChunk>,
): ReadableStream<UIMessageChunk> {
  const { lookAfter } = site;
  if (!lookAfter) return stream;
  const reader = stream.getReader();
  return new ReadableStream({
    async pull(controller) {
      const reading = reader.read();
      for (let silence = SILENCE_MS; ; silence = Math.min(silence * 1.5, LONGEST_SILENCE_MS)) {
        const next = await within(reading, silence);
        if (next?.done) return controller.close();
        if (next) {
          if (next.value.type === "error") void lookAfter(chatId).catch(() => {});
          return controller.enqueue(next.value);
        }
        const state = await lookAfter(chatId).catch(() => undefined);
        const saved = state === "settled" ? await savedAnswer(site.db, chatId) : undefined;
        if (!saved) continue;
        for (const chunk of saved) controller.enqueue(chunk);
        controller.close();
        return reader.cancel();
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** The newest answer as it is saved, in the words of a stream. Undefined: something is still to come. */
async function savedAnswer(db: Db, chatId: string): Promise<UIMessageChunk[] | undefined> {
  const transcript = await loadTranscript(db, chatId);
  const answer = transcript?.messages.at(-1);
  if (!transcript || transcript.status === "running") return undefined;
  if (transcript.status === "failed") return [{ type: "error", errorText: "The answer is saved as failed." }];
  if (answer?.role !== "assistant") return [];
  return [
    { type: "start", messageId: answer.id },
    { type: "text-delta", id: "saved", delta: messageText(answer) },
    { type: "finish" },
  ];
}

/** The value, or undefined when it takes longer. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ms, undefined)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
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
