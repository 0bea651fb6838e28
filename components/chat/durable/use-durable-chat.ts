"use client";

import type { UIMessage } from "ai";
import { useEffect, useState, useSyncExternalStore } from "react";
import type { ChatView } from "./chat-view";
import { DurableChat } from "./durable-chat";
import type { DurableChatOptions } from "./types";

/** The view of a chat and its operations. The functions keep their identity. */
export type DurableChatHandle<M extends UIMessage> = ChatView<M> &
  Pick<
    DurableChat<M>,
    | "send"
    | "stop"
    | "retry"
    | "steer"
    | "sendQueuedNow"
    | "loadOlder"
    | "preload"
    | "moveBranch"
    | "expectTurn"
    | "takeOver"
    | "isOwn"
    | "subAgents"
  >;

/**
 * Opens a `DurableChat` while the component is mounted. `chatId`, `task`, `baseURL`, `transcript` and `queueKey` are
 * read once, so give the component another `key` for another chat. The callbacks and `isClosed` may change.
 */
export function useDurableChat<M extends UIMessage>(options: DurableChatOptions<M>): DurableChatHandle<M> {
  const [chat] = useState(() => new DurableChat(options));
  useEffect(() => chat.setOptions(options));
  useEffect(() => chat.open(), [chat]);
  const view = useSyncExternalStore(chat.subscribe, chat.getView, chat.getFirstView);
  const { send, stop, retry, steer, sendQueuedNow, loadOlder, preload } = chat;
  const { moveBranch, expectTurn, takeOver, isOwn } = chat;
  return {
    ...view,
    send,
    stop,
    retry,
    steer,
    sendQueuedNow,
    loadOlder,
    preload,
    moveBranch,
    expectTurn,
    takeOver,
    isOwn,
    subAgents: chat.subAgents,
  };
}
