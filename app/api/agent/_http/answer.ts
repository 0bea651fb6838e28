import "server-only";
/** Returns an answer as its caller wants it: as events, as plain text while it is written, or as one result. */
import { setTimeout as pause } from "node:timers/promises";
import type { UIMessageChunk } from "ai";
import { db } from "@/lib/db/client";
import { env } from "@/lib/env";
import { countLocally, LimitError } from "@/lib/http/rate-limit";
import { lookAfter } from "@/lib/jobs/awaited";
import { readOutput } from "@/lib/chat/revive/session-records";
import { findNode } from "@/lib/chat/tree/heads";
import { findRunning, type Asked } from "@/lib/server-chat/ask";
import { followTurn } from "@/lib/server-chat/follow";
import { WordsOfAnswer } from "@/lib/server-chat/words";
import { chunksOf, readResult } from "@/lib/server-chat/result";
import type { Answer, AnswerQuery } from "@/lib/server-chat/schemas";
import type { Chat } from "@/prisma/generated/client";
import { requireStillAllowed } from "./key";
import { type Call, jsonResponse, toApiError } from "./route";

type Caller = Pick<Call, "request" | "holder">;

/** What the caller learns while an answer is written. */
type Event =
  | { type: "chunk"; seq: number | undefined; chunk: UIMessageChunk }
  | { type: "silence" }
  /** An answer is complete, and the next one comes. */
  | { type: "turn" }
  | { type: "result"; result: Answer };

const WAIT_SECONDS = 120;
/** A run saves its turn within this time after ending it. */
const SAVED_WITHIN_MS = 5_000;
const SAVED_EVERY_MS = 50;

/** The answer to what was asked. */
export function answerResponse(caller: Caller, asked: Asked, query: AnswerQuery): Promise<Response> {
  return respond(caller, asked, query, (signal) => eventsOf(caller, asked, signal));
}

/** What is on the stream after the cursor, and then whatever is being written. */
export function followResponse(
  caller: Caller,
  chat: Chat,
  query: AnswerQuery,
  after: string | null,
): Promise<Response> {
  const asked = { chatId: chat.id, question: null, input: null, after };
  return respond(caller, asked, query, (signal) => eventsFrom(caller, chat, after, signal));
}

async function respond(
  caller: Caller,
  { chatId, question }: Asked,
  query: AnswerQuery,
  events: (signal: AbortSignal) => AsyncGenerator<Event>,
): Promise<Response> {
  const { request, holder } = caller;
  await countLocally("streams", `api:${chatId}`, env.LIMIT_STREAM_STARTS);
  const open = openStream(holder.userId);
  const headers = {
    "x-holdfast-chat": chatId,
    ...(question !== null && { "x-holdfast-message": question }),
  };
  const mode = query.as ?? modeOf(request.headers.get("accept") ?? "");
  if (mode === "json") {
    const response = await asResult(
      chatId,
      question,
      events,
      request.signal,
      query.wait ?? WAIT_SECONDS,
    ).finally(open.end);
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  }
  const [type, write] =
    mode === "text"
      ? (["text/plain; charset=utf-8", asText] as const)
      : (["text/event-stream", asEvents] as const);
  return new Response(streamOf(write, events, open.end), {
    headers: {
      ...headers,
      "content-type": type,
      "cache-control": "private, no-store, no-transform",
      "x-accel-buffering": "no",
      ...(mode === "stream" && { "x-vercel-ai-ui-message-stream": "v1" }),
    },
  });
}

/** How many answers each person follows through this process. */
const openStreams = new Map<string, number>();
const TRY_AGAIN_AFTER_SECONDS = 15;

/** Throws `LimitError` when a person follows as many as they may. `end` can be called again. */
function openStream(userId: string): { end: () => void } {
  const count = openStreams.get(userId) ?? 0;
  if (count >= env.LIMIT_STREAMS) throw new LimitError("openStreams", TRY_AGAIN_AFTER_SECONDS);
  openStreams.set(userId, count + 1);
  let isOpen = true;
  return {
    end() {
      if (!isOpen) return;
      isOpen = false;
      const left = (openStreams.get(userId) ?? 1) - 1;
      if (left > 0) openStreams.set(userId, left);
      else openStreams.delete(userId);
    },
  };
}

function modeOf(accept: string): "stream" | "text" | "json" {
  if (accept.includes("text/event-stream")) return "stream";
  return accept.includes("text/plain") ? "text" : "json";
}

// ── What happens ──

/** The chunks of one turn's answer, and then what is saved of it. */
async function* eventsOf({ holder }: Caller, asked: Asked, signal: AbortSignal): AsyncGenerator<Event> {
  const { chatId, question, input } = asked;
  if (input === undefined) {
    yield* savedAnswer(chatId, question);
    return yield { type: "result", result: await readResult(db, chatId, question) };
  }
  let error: string | undefined;
  let hasChunks = false;
  const guard = () => requireStillAllowed(holder, chatId);
  for await (const event of followTurn({ ...asked, input, signal, lookAfter, guard })) {
    if (event.type === "silence" || event.type === "turn") yield event;
    if (event.type === "chunk") {
      const { chunk } = event;
      hasChunks = true;
      if (chunk.type === "start") error = undefined;
      if (chunk.type === "error") error = chunk.errorText;
      yield event;
    }
    if (event.type !== "end") continue;
    await untilSaved(chatId, event.seq);
    await guard();
    if (event.seq === undefined && !hasChunks) yield* savedAnswer(chatId, question);
    const cursor = event.seq === undefined ? null : String(event.seq);
    return yield { type: "result", result: await readResult(db, chatId, question, { error, cursor }) };
  }
}

async function* eventsFrom(
  caller: Caller,
  chat: Chat,
  after: string | null,
  signal: AbortSignal,
): AsyncGenerator<Event> {
  const { input } = await findRunning(chat);
  if (input !== undefined)
    return yield* eventsOf(caller, { chatId: chat.id, question: null, input, after }, signal);
  let last = after;
  for (const { seq, chunk } of await readOutput(chat.id, after)) {
    last = String(seq);
    if (chunk) yield { type: "chunk", seq, chunk };
  }
  yield { type: "result", result: await readResult(db, chat.id, null, { cursor: last }) };
}

/** A message that was sent again: the stream no longer has its answer. */
async function* savedAnswer(chatId: string, question: string | null): AsyncGenerator<Event> {
  const { answerId } = await readResult(db, chatId, question);
  if (answerId === null) return;
  const node = await findNode(db, chatId, answerId);
  for (const chunk of node ? chunksOf(node.message) : []) yield { type: "chunk", seq: undefined, chunk };
}

/** So that what the caller does next finds the answer finished. */
async function untilSaved(chatId: string, seq: number | undefined): Promise<void> {
  const deadline = Date.now() + SAVED_WITHIN_MS;
  while (seq !== undefined && Date.now() < deadline) {
    const row = await db.chat.findUnique({ where: { id: chatId }, select: { lastOutEventId: true } });
    if (Number(row?.lastOutEventId ?? -1) >= seq) return;
    await pause(SAVED_EVERY_MS);
  }
}

// ── How it is written ──

async function asResult(
  chatId: string,
  question: string | null,
  events: (signal: AbortSignal) => AsyncGenerator<Event>,
  signal: AbortSignal,
  waitSeconds: number,
): Promise<Response> {
  const late = AbortSignal.timeout(waitSeconds * 1000);
  const words = new WordsOfAnswer();
  let cursor: string | null | undefined;
  for await (const event of events(AbortSignal.any([signal, late]))) {
    if (event.type === "chunk") {
      words.add(event.chunk);
      if (event.seq !== undefined) cursor = String(event.seq);
    }
    if (event.type === "result")
      return jsonResponse(event.result, event.result.status === "running" ? 202 : 200);
  }
  const heard = { isRunning: true, text: words.text, ...(cursor !== undefined && { cursor }) };
  return jsonResponse(await readResult(db, chatId, question, heard), 202);
}

/** The AI SDK's UI message stream. The id of an event is the cursor to reconnect with. */
async function* asEvents(events: AsyncGenerator<Event>): AsyncGenerator<string> {
  try {
    for await (const event of events) {
      if (event.type === "silence") yield ": waiting\n\n";
      if (event.type === "chunk") yield sse(event.chunk, { id: event.seq });
      if (event.type === "result")
        yield sse(
          { type: "data-turn", data: event.result, transient: true },
          { id: event.result.cursor ?? undefined },
        );
    }
    yield "data: [DONE]\n\n";
  } catch (error) {
    const { code, message } = toApiError(error);
    yield sse({ type: "error", errorText: message }, { event: code });
  }
}

async function* asText(events: AsyncGenerator<Event>): AsyncGenerator<string> {
  const words = new WordsOfAnswer();
  try {
    for await (const event of events) {
      if (event.type === "chunk") yield words.add(event.chunk);
      if (event.type === "turn") words.endTurn();
      if (event.type === "result" && event.result.error !== undefined)
        yield `\n\nError: ${event.result.error}\n`;
    }
  } catch (error) {
    yield `\n\nError: ${toApiError(error).message}\n`;
  }
}

function sse(data: object, { id, event }: { id?: number | string | undefined; event?: string }): string {
  return `${id === undefined ? "" : `id: ${id}\n`}${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** A body that ends its work when the reader leaves. The answer itself continues. */
function streamOf(
  write: (events: AsyncGenerator<Event>) => AsyncGenerator<string>,
  events: (signal: AbortSignal) => AsyncGenerator<Event>,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const left = new AbortController();
  const encoder = new TextEncoder();
  const pieces = write(events(left.signal));
  return new ReadableStream({
    async pull(controller) {
      for (;;) {
        const { value, done } = await pieces.next().catch((error: unknown) => {
          onEnd();
          throw error;
        });
        if (done) {
          onEnd();
          return controller.close();
        }
        if (value === "") continue;
        return controller.enqueue(encoder.encode(value));
      }
    },
    cancel() {
      onEnd();
      left.abort();
    },
  });
}
