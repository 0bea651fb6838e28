/** Every call of a model goes into the ledger: answers, sub-agents and titles, also those that are stopped. */
import { logger } from "@trigger.dev/sdk";
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { wrapLanguageModel } from "ai";
import { openSpending, closeSpending, type Spender } from "@/lib/chat/chats/budget";
import { withRetry } from "@/lib/db/retry";
import type { Db } from "@/lib/db/client";
import { summariseError } from "./errors";
import type { ResolvedModel } from "./models";

/** What a token is in most languages; only for calls of which the provider reports nothing. */
const CHARACTERS_PER_TOKEN = 4;
const TOKENS_PER_FILE = 1_000;

/** The model, whose calls are written down as `spender`'s. */
export function metered(db: Db, { id, model }: ResolvedModel, spender: Spender): LanguageModelV4 {
  return wrapLanguageModel({
    model,
    middleware: {
      specificationVersion: "v4",
      async wrapGenerate({ doGenerate, params }) {
        const meter = openMeter(db, id, spender, params);
        try {
          const result = await doGenerate();
          for (const part of result.content) if (part.type === "text") meter.hear(part.text);
          await meter.close(result.usage);
          return result;
        } catch (error) {
          await meter.refused();
          throw error;
        }
      },
      async wrapStream({ doStream, params }) {
        const meter = openMeter(db, id, spender, params);
        try {
          const result = await doStream();
          return { ...result, stream: listening(result.stream, meter) };
        } catch (error) {
          await meter.refused();
          throw error;
        }
      },
    },
  });
}

type Meter = ReturnType<typeof openMeter>;

function openMeter(db: Db, model: string, spender: Spender, { prompt }: LanguageModelV4CallOptions) {
  const { chatId } = spender;
  const asked = estimateInput(prompt);
  let heard = 0;
  const insist = <T>(write: () => Promise<T>) =>
    withRetry(write, { doing: `Noting what an answer in chat ${chatId} takes` });
  // Not awaited here, so that no first word waits for it.
  const opened = insist(() => openSpending(db, spender, model, { inputTokens: asked }));
  opened.catch(() => {});
  let closed: Promise<void> | undefined;

  async function settle(usage?: LanguageModelV4Usage, input = asked): Promise<void> {
    const inputTokens = usage?.inputTokens.total ?? input;
    const outputTokens = usage?.outputTokens.total ?? Math.ceil(heard / CHARACTERS_PER_TOKEN);
    const cachedInputTokens = usage?.inputTokens.cacheRead;
    const isEstimate = usage?.inputTokens.total === undefined || usage.outputTokens.total === undefined;
    const taken = { inputTokens, cachedInputTokens, outputTokens };
    try {
      const entry = await opened;
      await insist(() => closeSpending(db, entry, model, taken, isEstimate));
    } catch (error) {
      // The answer is the person's all the same.
      logger.warn("What a model took was not noted", { chatId, ...summariseError(error) });
    }
  }

  return {
    hear: (text: string) => void (heard += text.length),
    /** Once, whatever ends first. */
    close: (usage?: LanguageModelV4Usage) => (closed ??= settle(usage)),
    /** The provider did not take the call, and takes nothing for it. */
    refused: () => (closed ??= settle(undefined, 0)),
  };
}

function listening(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  meter: Meter,
): ReadableStream<LanguageModelV4StreamPart> {
  const reader = stream.getReader();
  let usage: LanguageModelV4Usage | undefined;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (!done) {
          if ("delta" in value) meter.hear(value.delta);
          if (value.type === "finish") usage = value.usage;
          return controller.enqueue(value);
        }
        await meter.close(usage);
        controller.close();
      } catch (error) {
        await meter.close(usage);
        controller.error(error);
      }
    },
    async cancel(reason) {
      await Promise.all([meter.close(usage), reader.cancel(reason)]);
    },
  });
}

function estimateInput(prompt: LanguageModelV4CallOptions["prompt"]): number {
  let files = 0;
  const text = JSON.stringify(prompt, (key, value: unknown) => {
    if (key !== "data") return value;
    files += 1;
    return undefined;
  });
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN) + files * TOKENS_PER_FILE;
}
