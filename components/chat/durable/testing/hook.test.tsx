import type { UIMessage } from "ai";
import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import type { DurableChatOptions } from "../types";
import { type DurableChatHandle, useDurableChat } from "../use-durable-chat";

const never = () => new Promise<never>(() => {});
const options: DurableChatOptions<UIMessage> = {
  chatId: "c1",
  task: "chat",
  baseURL: "/engine",
  transcript: {
    messages: [{ id: "u1", role: "user", parts: [{ type: "text", text: "And?" }] }],
    status: "failed",
    failure: "The model failed.",
    nextCursor: "u1",
  },
  accessToken: never(),
  startSession: never,
  mintAccessToken: never,
  loadTranscript: never,
  moveBranch: never,
  steeringId: (id) => id,
};

it("draws on a server what the page loaded, and does nothing else there", () => {
  let drawn: DurableChatHandle<UIMessage> | undefined;
  function Chat() {
    drawn = useDurableChat(options);
    return drawn.messages.map(({ id }) => <p key={id}>{id}</p>);
  }
  expect(renderToString(<Chat />)).toBe("<p>u1</p>");
  expect(drawn).toMatchObject({
    phase: "failed",
    turn: "failed",
    failure: "The model failed.",
    hasOlder: true,
    isAnswering: false,
    remoteWriter: undefined,
  });
});
