import { DefaultChatTransport, type UIMessage } from "ai";
import { readAnswer, type Answer, type Script } from "./answer";
import { startService } from "./children";
import { now } from "./clock";

export type Plain = {
  pid: number;
  /** A page on a new chat. */
  open(): { ask(script: Script): Promise<Answer> };
  stop(): Promise<void>;
};

export async function startPlain(): Promise<Plain> {
  const file = new URL("plain-service.ts", import.meta.url).pathname;
  const service = await startService<{ url: string }>(file, {});
  return {
    pid: service.pid,
    stop: () => service.stop(),
    open() {
      const transport = new DefaultChatTransport({ api: `${service.ready.url}/chat` });
      const messages: UIMessage[] = [];
      return {
        async ask(script) {
          messages.push({
            id: crypto.randomUUID(),
            role: "user",
            parts: [{ type: "text", text: script.prompt }],
          });
          const sentAt = now();
          const stream = await transport.sendMessages({
            trigger: "submit-message",
            chatId: "plain",
            messageId: undefined,
            messages,
            abortSignal: undefined,
          });
          const answer = await readAnswer(sentAt, stream, script);
          messages.push({
            id: crypto.randomUUID(),
            role: "assistant",
            parts: [{ type: "text", text: answer.text }],
          });
          return answer;
        },
      };
    },
  };
}
