import type { UIMessage, UIMessageChunk } from "ai";
import type { LazyTransport } from "./lazy-transport";

export type HeadStartOptions<M extends UIMessage> = {
  /** Asks the first question. Undefined: the agent is asked in the usual way. */
  ask: (message: M) => Promise<{ publicAccessToken: string } | undefined>;
  /** The question is saved. */
  onAsked: (messageId: string) => void;
};

/**
 * The same transport, whose first question of a new chat goes to the app's server. The answer is read from the session's
 * stream like any other, so a reload, another page and a stop find nothing special.
 */
export function withHeadStart<M extends UIMessage>(
  transport: LazyTransport,
  { ask, onAsked }: HeadStartOptions<M>,
): LazyTransport {
  const send = transport.sendMessages.bind(transport);
  return Object.assign(transport, {
    async sendMessages(options: Parameters<LazyTransport["sendMessages"]>[0]) {
      const { chatId, trigger, body } = options;
      const question = options.messages.at(-1) as M | undefined;
      const isFirst = options.messages.length === 1 && transport.getSession(chatId) === undefined;
      const isQuestion = trigger === "submit-message" && !(body && "action" in body);
      if (!question || !isFirst || !isQuestion) return send(options);
      const [begun] = await Promise.all([ask(question), transport.load()]);
      if (!begun) return send(options);
      transport.setSession(chatId, { ...begun, isStreaming: true, activeInputSeq: 0 });
      onAsked(question.id);
      return (await transport.reconnectToStream({ chatId })) ?? empty();
    },
  });
}

function empty(): ReadableStream<UIMessageChunk> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
