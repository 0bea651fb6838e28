import type { ChatTransport, UIMessage, UIMessageChunk } from "ai";
import { KnownError } from "../../shared/known-error";

export type AnswerListener = {
  /** The first chunk of an answer arrived. `resumed` is false for the answer to a message just sent here. */
  onStart(messageId: string, resumed: boolean): void;
  /**
   * The worker died during an answer and another one begins again under a new id. The text shown so far for
   * `abandonedMessageId` is void.
   */
  onRestart(abandonedMessageId: string): void;
  /**
   * The worker died while it continued a message after a person's decision. The message continues under its own id from
   * where it is saved, so the text shown since then is void.
   */
  onRepeat(): void;
  /** This stream ends here; the next `reconnectToStream` returns the rest of the answer. */
  onRest(): void;
  /** The answer ended early without an error: somebody stopped it, maybe on another page. */
  onCut(): void;
  /** The answer ended in an error. Its message is for the reader. */
  onFailure(error: KnownError): void;
  /** The message never reached the engine. */
  onUnsent(messageId: string, error: Error): void;
};

export type RestartAwareTransport<M extends UIMessage> = ChatTransport<M> & {
  listen(listener: AnswerListener): void;
  /** Drops the rest of an answer that was kept for the next `reconnectToStream`. */
  dropRest(): void;
};

type Chunks = ReadableStream<UIMessageChunk>;

/**
 * `Chat` replaces a message at a second `start` chunk only while it *resumes*; after a send it would append the new
 * answer to the abandoned partial one. So a stream that restarts ends here, and the caller resumes it.
 */
export function restartAware<M extends UIMessage>(transport: ChatTransport<M>): RestartAwareTransport<M> {
  let rest: Chunks | undefined;
  let listener: AnswerListener | undefined;

  function follow(stream: Chunks, resumed: boolean): Chunks {
    const reader = stream.getReader();
    let current: string | undefined;
    let isWhole = false;
    let hasFailed = false;
    let isLeft = false;
    return new ReadableStream<UIMessageChunk>({
      async pull(controller) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          // A copied chat, or one on a new engine, has no session and nothing to resume.
          if (resumed && current === undefined && statusOf(error) === 404) return nothing;
          throw error;
        });
        if (done) {
          if (current !== undefined && !isWhole && !hasFailed && !isLeft) listener?.onCut();
          return controller.close();
        }
        if (value.type === "error") {
          hasFailed = true;
          listener?.onFailure(new KnownError(value.errorText));
        }
        if (value.type === "start" && value.messageId !== undefined) {
          const previous = current;
          const isRepeated = value.messageId === previous && !isWhole;
          current = value.messageId;
          if (previous === undefined) listener?.onStart(current, resumed);
          else if (isRepeated) listener?.onRepeat();
          else if (!isWhole && !hasFailed) listener?.onRestart(previous);
          isWhole = false;
          hasFailed = false;
          if (isRepeated || (previous !== undefined && previous !== current && !resumed)) {
            rest = follow(withFirst(value, reader), true);
            listener?.onRest();
            return controller.close();
          }
        }
        if (value.type === "finish") isWhole = true;
        controller.enqueue(value);
      },
      cancel(reason) {
        isLeft = true;
        return reader.cancel(reason);
      },
    });
  }

  return {
    listen: (next) => {
      listener = next;
    },
    dropRest() {
      void rest?.cancel().catch(() => {});
      rest = undefined;
    },
    // The signal is left out because aborting it makes the transport send a second stop beside `stopGeneration`. A
    // message that is being sent is also delivered when nobody reads its answer any more.
    sendMessages({ abortSignal, ...options }) {
      const sent = transport.sendMessages({ ...options, abortSignal: undefined });
      const id = options.messages.at(-1)?.id;
      sent.catch((error: unknown) => {
        if (id !== undefined)
          listener?.onUnsent(id, error instanceof Error ? error : new Error(String(error)));
      });
      return unless(abortSignal, sent, (stream) => follow(stream, false));
    },
    async reconnectToStream(options) {
      const handedOver = rest;
      rest = undefined;
      if (handedOver) return handedOver;
      const stream = await transport.reconnectToStream(options);
      return stream && follow(stream, true);
    },
  };
}

const nothing = { done: true, value: undefined } as const;

/** Reads the stream; rejects at once when the signal is aborted, and then reads nothing. */
async function unless(
  signal: AbortSignal | undefined,
  stream: Promise<Chunks>,
  read: (stream: Chunks) => Chunks,
): Promise<Chunks> {
  if (!signal) return read(await stream);
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = () => reject(new DOMException("Nobody reads on", "AbortError"));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return read(await Promise.race([stream, aborted]));
  } catch (error) {
    if (signal.aborted) void stream.then((late) => late.cancel()).catch(() => {});
    throw error;
  }
}

function statusOf(error: unknown): unknown {
  return (error as { status?: unknown } | null)?.status;
}

function withFirst(first: UIMessageChunk, reader: ReadableStreamDefaultReader<UIMessageChunk>): Chunks {
  return new ReadableStream<UIMessageChunk>({
    start: (controller) => controller.enqueue(first),
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
