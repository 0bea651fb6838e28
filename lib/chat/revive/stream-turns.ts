/** Reads the records of a stream as turns, with the same answers that a run would have saved. */
import { isToolUIPart, readUIMessageStream, type UIMessageChunk } from "ai";
import type { ChatMessage } from "../message";
import type { OutRecord, TurnEnd } from "./session-records";

export type StreamTurn = {
  /** The record that ended the turn and the input that it answers. Undefined if the turn was cut off. */
  end: (TurnEnd & { seq: number }) | undefined;
  outcome: "whole" | "failed" | "stopped";
  /** The chunks since the last start of the answer. Those that a dead worker wrote before are void. */
  chunks: UIMessageChunk[];
};

export function turnsOf(records: OutRecord[]): StreamTurn[] {
  const turns: StreamTurn[] = [];
  let chunks: UIMessageChunk[] = [];
  for (const { seq, chunk, turnEnd } of records) {
    if (chunk) {
      if (chunk.type === "start") chunks = [];
      chunks.push(chunk);
    }
    if (!turnEnd) continue;
    turns.push({ end: { seq, ...turnEnd }, outcome: outcomeOf(chunks), chunks });
    chunks = [];
  }
  if (chunks.length > 0) turns.push({ end: undefined, outcome: "failed", chunks });
  return turns;
}

function outcomeOf(chunks: UIMessageChunk[]): StreamTurn["outcome"] {
  if (chunks.some(({ type }) => type === "error")) return "failed";
  // A turn without chunks, such as one for an input that was already handled, is complete.
  return chunks.length === 0 || chunks.some(({ type }) => type === "finish") ? "whole" : "stopped";
}

/** The error that the reader saw when the turn failed. */
export function failureOf({ chunks }: StreamTurn): string | undefined {
  const error = chunks.findLast(({ type }) => type === "error");
  return error?.type === "error" ? error.errorText : undefined;
}

/** The id of the message that the turn writes, if any. */
export function answerId({ chunks: [first] }: StreamTurn): string | undefined {
  return first?.type === "start" ? first.messageId : undefined;
}

/** Returns the turn's answer, or null if it is empty. `saved` is the message that the turn continues. */
export async function answerOf(
  turn: StreamTurn,
  saved: ChatMessage | undefined,
): Promise<ChatMessage | null> {
  if (answerId(turn) === undefined) return null;
  const before = structuredClone(saved);
  let answer: ChatMessage | undefined;
  const messages = readUIMessageStream<ChatMessage>({
    stream: streamOf(turn.chunks.filter(({ type }) => type !== "error")),
    ...(before && { message: before }),
    // The message ends at the first chunk that can't be read.
    onError: () => {},
  });
  for await (const message of messages) answer = message;
  if (!answer) return null;
  const parts = turn.outcome === "whole" ? answer.parts : withoutOpenCalls(answer, saved);
  return parts.some(({ type }) => type !== "step-start") ? { ...answer, parts } : null;
}

/** A call that was cut off isn't a pending request. */
function withoutOpenCalls({ parts }: ChatMessage, saved: ChatMessage | undefined): ChatMessage["parts"] {
  const known = new Set(saved?.parts.flatMap((part) => (isToolUIPart(part) ? [part.toolCallId] : [])) ?? []);
  return parts.filter(
    (part) => !isToolUIPart(part) || part.state.startsWith("output-") || known.has(part.toolCallId),
  );
}

function streamOf(chunks: UIMessageChunk[]): ReadableStream<UIMessageChunk> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

/** Steered messages are part of the answer that took them up, so they aren't questions of their own. */
export function injectedInto(turns: StreamTurn[]): ReadonlySet<string> {
  const ids = turns.flatMap(({ chunks }) =>
    chunks.flatMap((chunk) => {
      if (chunk.type !== "data-pending-message-injected") return [];
      const { messageIds } = (chunk.data ?? {}) as { messageIds?: unknown };
      return Array.isArray(messageIds) ? messageIds.map(String) : [];
    }),
  );
  return new Set(ids);
}
