"use client";

import type { TriggerChatTransport, TriggerChatTransportOptions } from "@trigger.dev/sdk/chat";
import { useEffect, useState } from "react";
import { untilReached } from "./patient-fetch";

/** What a chat needs of the SDK's transport. */
export type LaterTransport = Pick<
  TriggerChatTransport,
  "sendMessages" | "reconnectToStream" | "sendPendingMessage" | "stopGeneration" | "getSession" | "setSession"
>;

type Options = Pick<
  TriggerChatTransportOptions,
  "task" | "baseURL" | "fetch" | "startSession" | "accessToken" | "onEvent"
>;

/**
 * The SDK's transport, loaded when the conversation stands on the page: it is a third of the page's script, and
 * nothing that is shown first needs it. Until then a session is kept for it, and whatever is sent waits.
 */
export function useChatTransport(options: Options): LaterTransport {
  const [transport] = useState(() => loadLater(options));
  useEffect(() => transport.use(options));
  useEffect(() => {
    // When it cannot be loaded, whoever sends tries again, and learns of it.
    transport.load().catch(() => {});
  }, [transport]);
  return transport;
}

type Loader = {
  load(): Promise<TriggerChatTransport>;
  /** From now on these callbacks are called. */
  use(options: Options): void;
};

function loadLater(options: Options): LaterTransport & Loader {
  type Session = Parameters<TriggerChatTransport["setSession"]>[1];
  const sessions = new Map<string, Session>();
  let loaded: TriggerChatTransport | undefined;
  let loading: Promise<TriggerChatTransport> | undefined;

  async function make(): Promise<TriggerChatTransport> {
    const { TriggerChatTransport } = await untilReached(loadScript);
    const { task, baseURL, fetch, startSession } = options;
    loaded = new TriggerChatTransport({
      task,
      ...(baseURL !== undefined && { baseURL }),
      ...(fetch && { fetch }),
      ...(startSession && { startSession: (session) => options.startSession!(session) }),
      accessToken: (chat) => options.accessToken(chat),
      onEvent: (event) => options.onEvent?.(event),
    });
    for (const [chatId, session] of sessions) loaded.setSession(chatId, session);
    return loaded;
  }

  function load(): Promise<TriggerChatTransport> {
    loading ??= make().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  }

  return {
    load,
    use: (next) => void (options = next),
    getSession: (chatId) => (loaded ? loaded.getSession(chatId) : sessions.get(chatId)),
    setSession: (chatId, session) =>
      void (loaded ? loaded.setSession(chatId, session) : sessions.set(chatId, session)),
    sendMessages: async (message) => (await load()).sendMessages(message),
    reconnectToStream: async (chat) => (await load()).reconnectToStream(chat),
    sendPendingMessage: async (...message) => (await load()).sendPendingMessage(...message),
    stopGeneration: async (chatId) => (await load()).stopGeneration(chatId),
  };
}

/** A script that does not come is a line that is broken, and is asked for again like everything else. */
function loadScript() {
  return import("@trigger.dev/sdk/chat").catch((cause: unknown) => {
    throw new TypeError("A part of the page could not be loaded. Reload the page to go on.", { cause });
  });
}
