import type { ChatTransport, UIMessage, UIMessageChunk } from "ai";
import { KnownError } from "../shared/known-error";

export type AnswerListener = {
  /** An answer begins: its first chunk arrived. `resumed` tells whether this page sent the question. */
  onStart(messageId: string, resumed: boolean): void;
  /**
   * The worker died in mid-answer and its successor begins again under a new id. What was shown of
   * `abandonedMessageId` is void.
   */
  onRestart(abandonedMessageId: string): void;
  /**
   * The same, in the second half of a message that had waited for a person: it goes on under its own id, from where it
   * is saved. What was shown of the second half is void.
   */
  onRepeat(): void;
  /** The stream of a send ends here, and the rest of the answer is behind the next `reconnectToStream`. */
  onRest(): void;
  /** The answer ended before it was whole, and not because of an error: it was stopped, perhaps elsewhere. */
  onCut(): void;
  /** The answer ended in an error, in the words of the agent or the engine for the reader. */
  onFailure(error: KnownError): void;
  /** What was sent never got to the engine. */
  onUnsent(messageId: string, error: Error): void;
};

type Chunks = ReadableStream<UIMessageChunk>;

/**
 * `useChat` starts a message afresh at a second `start` chunk only while it *resumes*; after a send it would append
 * the new answer to the torso of the old. So a stream that restarts ends here, and the caller resumes it.
 */
export function restartAware<M extends UIMessage>(
  transport: ChatTransport<M>,
): ChatTransport<M> & {
  listen(listener: AnswerListener): void;
  /** What was kept for the next `reconnectToStream` is not wanted any more. */
  dropRest(): void;
} {
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
          // A chat without a session has nothing to resume: it was copied, or the engine's data is new.
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
          else if (!isWhole) listener?.onRestart(previous);
          isWhole = false;
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
    // Without the signal: aborting it makes the transport send a stop of its own, beside `stopGeneration`. And what was
    // begun to be sent is sent to its end, also when nobody wants to read the answer any more.
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

/** What becomes of it; or, once the signal is aborted, an abort at once, and nothing of it is read. */
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
