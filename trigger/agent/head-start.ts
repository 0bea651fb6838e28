/**
 * The worker's side of a head start (lib/agent/head-start): the first step was written by the app's server, and the
 * answer continues from it. The model that `run` calls replays the step from the database, so its calls are checked,
 * approved and carried out exactly like any other, and the stream leaves out what the page has read already.
 */
import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import { locals, sessions } from "@trigger.dev/sdk";
import type { BootEvent } from "@trigger.dev/sdk/ai";
import { getToolName, isToolUIPart, wrapLanguageModel, type ModelMessage, type UIMessageChunk } from "ai";
import { endHeadStart, readFirstStep, type FirstStep } from "@/lib/chat/head-start/head-starts";
import type { ChatMessage } from "@/lib/chat/message";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import type { HandedOver } from "./turn-state";

/** The runtime's own, set when a turn has read its messages. */
const shownToRuntime = locals.create<unknown>("chat.currentUIMessages");

// The runtime's own (SDK 4.8.3): what the signal of a handover said.
const signaled = {
  id: locals.create<string | undefined>("chat.handoverMessageId"),
  messages: locals.create<ModelMessage[]>("chat.handoverPartial"),
  isFinal: locals.create<boolean | undefined>("chat.handoverIsFinal"),
};

/** The runtime's capture of the answer that is being written, from which it makes the message that it saves. */
const capture = locals.create<{ seed(messages: ChatMessage[]): void } | undefined>("chat.managedResponse");

/**
 * Call it when the context of a turn is read. A browser can send the signal as well, so nothing of what it says counts:
 * the runtime forgets it, and the step is read from the database. Without one the agent answers by itself, or not at
 * all when the answer is saved already.
 */
export async function takeHandover(chatId: string, history: ChatMessage[]): Promise<HandedOver | undefined> {
  if (locals.get(signaled.id) === undefined) return undefined;
  locals.set(signaled.id, undefined);
  locals.set(signaled.messages, []);
  locals.set(signaled.isFinal, undefined);
  const handedOver = await withRetry(() => readFirstStep(db, chatId), {
    doing: `Reading the first step in chat ${chatId}`,
  });
  // The runtime then ends the turn with the last message, and asks no model.
  if (history.at(-1)?.role === "assistant") locals.set(signaled.isFinal, true);
  return history.at(-1)?.role === "user" ? handedOver : undefined;
}

const LOOK_MS = 1_000;

/**
 * Call it when a run boots. A run that comes after its head start has ended may take the signal that it waits for as
 * read, because a turn has ended since. It then leaves, and the next question gets a run of its own.
 */
export function leaveWhenOver({
  chatId,
  continuation,
  preloaded,
}: Pick<BootEvent, "chatId" | "continuation" | "preloaded">): void {
  if (continuation || preloaded) return;
  const runContext = locals.get(shownToRuntime);
  let looks = 0;
  const timer = setInterval(() => {
    // The turn has begun, or the run serves the chat already.
    if (locals.get(shownToRuntime) !== runContext || (looks += 1) > 600) return clearInterval(timer);
    void db.headStart.count({ where: { chatId } }).then(
      async (count) => {
        if (count > 0) return;
        clearInterval(timer);
        await sessions.open(chatId).in.send({ kind: "handover-skip" });
      },
      () => {}, // The next look is soon.
    );
  }, LOOK_MS);
  timer.unref();
}

/** Call it when the turn is saved. */
export function forgetHandover(chatId: string): Promise<void> {
  return withRetry(() => endHeadStart(db, chatId), { doing: `Ending the head start of chat ${chatId}` });
}

/** The model, whose first call says again what was written, and costs nothing. */
export function replaying(model: LanguageModelV4, handedOver: HandedOver | undefined): LanguageModelV4 {
  if (!handedOver) return model;
  let isDue = true;
  return wrapLanguageModel({
    model,
    middleware: {
      specificationVersion: "v4",
      async wrapStream({ doStream }) {
        if (!isDue) return doStream();
        isDue = false;
        return { stream: streamOf(partsOf(handedOver.step)) };
      },
    },
  });
}

/** Without what the page has read of the first step. The message that is saved begins with it. */
export function withoutFirstStep<
  Result extends { toUIMessageStream: (options?: never) => ReadableStream<UIMessageChunk> },
>(result: Result, handedOver: HandedOver | undefined): Result {
  if (!handedOver) return result;
  const { message } = handedOver.step;
  const toUIMessageStream = result.toUIMessageStream.bind(result) as unknown as (
    options: object,
  ) => ReadableStream<UIMessageChunk>;
  let isReplayed = false;
  const rest = () =>
    new TransformStream<UIMessageChunk, UIMessageChunk>({
      transform(chunk, controller) {
        if (chunk.type === "start") return locals.get(capture)?.seed([message]);
        const isKnown = !isReplayed && isWritten(chunk);
        if (chunk.type === "finish-step") isReplayed = true;
        if (!isKnown) controller.enqueue(chunk);
      },
    });
  return Object.assign(result, {
    toUIMessageStream: (options: object) => toUIMessageStream(options).pipeThrough(rest()),
  });
}

/** A part of what the model said. What became of its calls is new. */
function isWritten({ type }: UIMessageChunk): boolean {
  return /^(start-step|text-|reasoning-|tool-input-|source-|file$|finish-step$)/.test(type);
}

function partsOf({ message, usage, finishReason }: FirstStep): LanguageModelV4StreamPart[] {
  const parts = message.parts.flatMap((part, index): LanguageModelV4StreamPart[] => {
    const id = String(index);
    if (part.type === "text" || part.type === "reasoning") {
      const of = part.providerMetadata ? { providerMetadata: part.providerMetadata as never } : {};
      return [
        { type: `${part.type}-start`, id, ...of },
        { type: `${part.type}-delta`, id, delta: part.text },
        { type: `${part.type}-end`, id, ...of },
      ];
    }
    if (!isToolUIPart(part)) return [];
    const input = part.input ?? ("rawInput" in part ? part.rawInput : undefined);
    return [
      {
        type: "tool-call",
        toolCallId: part.toolCallId,
        toolName: getToolName(part),
        input: typeof input === "string" ? input : JSON.stringify(input ?? {}),
        ...(part.callProviderMetadata && { providerMetadata: part.callProviderMetadata as never }),
      },
    ];
  });
  const unified = finishReason as "stop";
  return [
    { type: "stream-start", warnings: [] },
    ...parts,
    { type: "finish", finishReason: { unified, raw: finishReason }, usage: toUsage(usage) },
  ];
}

/** As the provider reported it, so the answer says what all of its steps used. */
function toUsage({ inputTokens, outputTokens, inputTokenDetails, outputTokenDetails }: FirstStep["usage"]) {
  return {
    inputTokens: {
      total: inputTokens ?? undefined,
      noCache: inputTokenDetails?.noCacheTokens ?? undefined,
      cacheRead: inputTokenDetails?.cacheReadTokens ?? undefined,
      cacheWrite: inputTokenDetails?.cacheWriteTokens ?? undefined,
    },
    outputTokens: {
      total: outputTokens ?? undefined,
      text: outputTokenDetails?.textTokens ?? undefined,
      reasoning: outputTokenDetails?.reasoningTokens ?? undefined,
    },
  } satisfies LanguageModelV4Usage;
}

function streamOf(parts: LanguageModelV4StreamPart[]): ReadableStream<LanguageModelV4StreamPart> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}
