/**
 * An answer that continues after people decided what it had asked. What they decided is read from the rows and from
 * nothing else: the action that wakes the agent only says that there may be something to read.
 */
import { locals } from "@trigger.dev/sdk";
import { createUIMessageStream, isToolUIPart, type UIMessageChunk } from "ai";
import type { DelegateOutput } from "@/lib/agent/sub-agents/delegate-output";
import { InvalidMessageError, type ChatMessage, type ChatMetadata } from "@/lib/chat/message";
import { nestedRequestsOf } from "@/lib/chat/requests/pending-calls";
import { continueBranch } from "@/lib/chat/tree/move-branch";
import { readBranch } from "@/lib/chat/tree/queries";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { answerOf, toChunk, withDecisions } from "./decided-parts";
import { turnState, type ContinuedMessage } from "../turn-state";

type Chunks = ReadableStream<UIMessageChunk>;

/**
 * Moves the chat to the message whose requests are decided, and returns the branch that ends in it with the decisions,
 * which the turn then continues. Undefined when there is nothing more to do: the same news may come twice. Throws
 * `InvalidMessageError` when nothing was decided: somebody made the action up.
 */
export async function takeDecisions(chatId: string, messageId: string): Promise<ChatMessage[] | undefined> {
  const taken = await withRetry(
    () =>
      db.$transaction(async (tx) => {
        const requests = await tx.humanRequest.findMany({ where: { chatId, messageId } });
        // Of something that is decided later in the same message, the news before may come once more.
        const isOld = requests.some(({ settledAt }) => settledAt !== null);
        const waits = requests.some(({ state }) => state === "pending");
        if (requests.length === 0 || (waits && !isOld))
          throw new InvalidMessageError("`messageId`: nothing that this message asked is decided.");
        if (waits || requests.every(({ settledAt }) => settledAt !== null)) return undefined;
        // Wherever the reader is by now: the message that asked is where the answer belongs.
        await continueBranch(tx, chatId, messageId);
        return { requests, messages: (await readBranch(tx, chatId))?.messages ?? [] };
      }),
    { doing: `Reading decisions in chat ${chatId}` },
  );
  const last = taken?.messages.at(-1);
  if (!taken || !last) return undefined;
  const { requests } = taken;
  const message = withDecisions(last, requests, "now");
  turnState().continued = {
    message,
    chunks: requests.flatMap((request) => toChunk(request, last) ?? []),
    edits: new Map(
      requests.flatMap(({ toolCallId, state, editedInput }) =>
        state === "approved" && editedInput !== null ? [[toolCallId, editedInput] as const] : [],
      ),
    ),
    answers: new Map(requests.map((request) => [request.toolCallId, answerOf(request)])),
  };
  return [...taken.messages.slice(0, -1), message];
}

/**
 * Lets the sub-agents that had asked something continue with what was decided. Returns the message that then is the last of
 * the branch.
 */
export async function resumeSubAgents(
  continued: ContinuedMessage,
  resume: (waiting: DelegateOutput, toolCallId: string) => Promise<DelegateOutput>,
): Promise<ChatMessage> {
  const parts = await Promise.all(
    continued.message.parts.map(async (part) => {
      if (!isToolUIPart(part) || !nestedRequestsOf(part).some(({ waits }) => waits)) return part;
      const output = await resume(part.output as DelegateOutput, part.toolCallId);
      continued.chunks.push({ type: "tool-output-available", toolCallId: part.toolCallId, output });
      return { ...part, output } as typeof part;
    }),
  );
  continued.message = { ...continued.message, parts };
  return continued.message;
}

/** The runtime's capture of the answer that is being written, from which it makes the message that it saves. */
const capture = locals.create<{ seed(messages: ChatMessage[]): void } | undefined>("chat.managedResponse");

/**
 * Lets the answer continue its own message: to the runtime (SDK 4.8.3) every turn that an action asks for writes a new
 * one. What was decided comes before what follows from it, so that a page which saw the question sees the answer too.
 * (It also keeps a run that takes over from mistaking the second half of a message for all of it: without the first
 * half, these chunks cannot be read.)
 */
export function asContinuation<Result extends { toUIMessageStream: (options?: never) => Chunks }>(
  result: Result,
): Result {
  const { continued } = turnState();
  if (!continued) return result;
  const toUIMessageStream = result.toUIMessageStream.bind(result) as unknown as (options: object) => Chunks;
  const originalMessages = [continued.message];
  const decisionsFirst = new TransformStream<UIMessageChunk, UIMessageChunk>({
    transform(chunk, controller) {
      if (chunk.type === "start") locals.get(capture)?.seed(originalMessages);
      controller.enqueue(chunk);
      if (chunk.type === "start") for (const each of continued.chunks) controller.enqueue(each);
    },
  });
  return Object.assign(result, {
    toUIMessageStream: (options: object) =>
      toUIMessageStream({ ...options, originalMessages }).pipeThrough(decisionsFirst),
  });
}

/** An answer that says nothing more for now: its sub-agents have asked something again. */
export function withoutWords(messageMetadata: ChatMetadata): {
  toUIMessageStream: (options?: never) => Chunks;
} {
  return {
    toUIMessageStream: (options?: object) =>
      createUIMessageStream({
        ...options,
        execute({ writer }) {
          writer.write({ type: "start" });
          writer.write({ type: "finish", messageMetadata });
        },
      }),
  };
}

/** What the call runs with when a person edited it. */
export function editedInput(toolCallId: string): { input: unknown } | undefined {
  const known = turnState().continued?.edits;
  return known?.has(toolCallId) ? { input: known.get(toolCallId) } : undefined;
}
