/** The first step of an answer, as the app's server writes it: the model of the agent, and its tools without their code. */
import { apiClientManager } from "@trigger.dev/core/v3";
import { readUIMessageStream, streamText, tool, type ToolSet, type UIMessageChunk } from "ai";
import { keepFirstStep, RENEW_EVERY_MS, renewHeadStart } from "@/lib/chat/head-start/head-starts";
import type { ChatMessage, ChatMetadata } from "@/lib/chat/message";
import { readInputKinds } from "@/lib/chat/revive/session-records";
import type { Db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { answerMetadata } from "../answer-metadata";
import { withAttachments } from "../attachments";
import { describeError } from "../errors";
import { metered } from "../metering";
import { resolveModel } from "../models";
import { SYSTEM_PROMPT } from "../system-prompt";
import { toolSchemas } from "../tool-schemas";

/** The step was stopped, or the model failed: there is nothing that a worker could carry on. */
export class BrokenStepError extends Error {
  override name = "BrokenStepError";
}

type Step = {
  chatId: string;
  userId: string;
  model: string | null;
  answerId: string;
  signal: AbortSignal;
};

/** What the SDK builds for a step: the messages, and that it is the only one. */
type StepOptions = Pick<Parameters<typeof streamText>[0], "messages" | "tools" | "stopWhen">;

const tools = Object.fromEntries(
  Object.entries(toolSchemas).map(([name, { description, inputSchema }]) => [
    name,
    tool({ description, inputSchema: inputSchema as never }),
  ]),
) as ToolSet;

/** Returns what the SDK reads of a result of `streamText`. */
export async function firstStep(db: Db, step: Step, optionsFor: (tools: ToolSet) => StepOptions) {
  const { chatId, userId, answerId } = step;
  const resolved = await resolveModel(step.model);
  const model = metered(db, resolved, { userId, chatId, purpose: "answer" });
  const watch = watchForEnd(db, step);
  const result = streamText({
    ...optionsFor(tools),
    model: withAttachments(model, { db, userId }),
    system: SYSTEM_PROMPT,
    abortSignal: AbortSignal.any([step.signal, watch.signal]),
    // It reaches the reader as a part of the stream.
    onError() {},
  } as Parameters<typeof streamText>[0]);
  const chunks: UIMessageChunk[] = [];
  const stream = recorded(
    result.toUIMessageStream<ChatMessage>({
      generateMessageId: () => answerId,
      sendReasoning: true,
      sendSources: true,
      messageMetadata: answerMetadata(resolved.id),
      onError: describeError,
    }) as ReadableStream<UIMessageChunk>,
    chunks,
  );

  async function keep() {
    try {
      await stream.ended;
      const isBroken = chunks.some(({ type }) => type === "error" || type === "abort");
      if (isBroken || (await watch.isStopped())) throw new BrokenStepError("The first step broke off.");
      const [finishReason, usage, message] = await Promise.all([
        result.finishReason,
        result.usage,
        messageOf(chunks),
      ]);
      const finish = chunks.findLast(({ type }) => type === "finish");
      const metadata =
        (finish?.type === "finish" ? (finish.messageMetadata as ChatMetadata) : undefined) ?? {};
      const hasCalls = finishReason === "tool-calls";
      await withRetry(
        () => keepFirstStep(db, answerId, chatId, { message, hasCalls, finishReason, usage, metadata }),
        { doing: `Saving the first step in chat ${chatId}` },
      );
      return hasCalls ? ("tool-calls" as const) : ("stop" as const);
    } finally {
      watch.end();
    }
  }
  const finishReason = keep();
  // The SDK may ask for it later than it fails.
  finishReason.catch(() => {});
  return {
    finishReason,
    // Read only when it is there: it rejects for a step that was stopped.
    get response() {
      return result.response;
    },
    toUIMessageStream: () => stream.chunks,
  } as unknown as typeof result;
}

/** The same stream without its end, which the worker writes; `ended` resolves when all of it was read, or nobody reads on. */
function recorded(stream: ReadableStream<UIMessageChunk>, chunks: UIMessageChunk[]) {
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const reader = stream.getReader();
  const breakOff = (errorText: string) => chunks.push({ type: "error", errorText });
  return {
    ended,
    chunks: new ReadableStream<UIMessageChunk>({
      async pull(controller) {
        try {
          let next = await reader.read();
          for (; next.value?.type === "finish"; next = await reader.read()) chunks.push(next.value);
          if (next.done) {
            controller.close();
            return end();
          }
          chunks.push(next.value);
          controller.enqueue(next.value);
        } catch (error) {
          const errorText = describeError(error);
          breakOff(errorText);
          controller.enqueue({ type: "error", errorText });
          controller.close();
          end();
        }
      },
      async cancel(reason) {
        breakOff("The answer could not be written.");
        end();
        await reader.cancel(reason);
      },
    }),
  };
}

async function messageOf(chunks: UIMessageChunk[]): Promise<ChatMessage> {
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of chunks) if (chunk.type !== "finish") controller.enqueue(chunk);
      controller.close();
    },
  });
  let message: ChatMessage | undefined;
  for await (const next of readUIMessageStream<ChatMessage>({ stream })) message = next;
  if (!message) throw new BrokenStepError("The model wrote nothing.");
  return message;
}

const LISTEN_EVERY_MS = 500;

/**
 * While the step is written: renews the head start, and listens for a stop, which the browser sends to the session's
 * input like any other.
 */
function watchForEnd(db: Db, { chatId, answerId }: Step) {
  const stop = new AbortController();
  const isStopped = async () => {
    if (!apiClientManager.accessToken) return false;
    return (await readInputKinds(chatId)).some(({ kind }) => kind === "stop");
  };
  const listening = setInterval(() => {
    void isStopped().then(
      (heard) => heard && stop.abort(),
      () => {}, // The next look is soon.
    );
  }, LISTEN_EVERY_MS);
  const renewing = setInterval(() => {
    void renewHeadStart(db, answerId, chatId).then(
      (isOurs) => isOurs || stop.abort(),
      () => {},
    );
  }, RENEW_EVERY_MS);
  return {
    signal: stop.signal,
    isStopped,
    end() {
      clearInterval(listening);
      clearInterval(renewing);
    },
  };
}
