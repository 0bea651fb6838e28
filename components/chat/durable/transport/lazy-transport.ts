import type { TriggerChatTransport, TriggerChatTransportOptions } from "@trigger.dev/sdk/chat";
import { untilReached } from "./retrying-fetch";
import { fetchLostScript } from "../../shared/until-loaded";

/** The part of the SDK's transport that a chat uses. */
export type LazyTransport = Pick<
  TriggerChatTransport,
  | "sendMessages"
  | "reconnectToStream"
  | "preload"
  | "sendPendingMessage"
  | "stopGeneration"
  | "getSession"
  | "setSession"
  | "dispose"
> & {
  /** Loads the SDK's transport; the methods that need it do so by themselves. */
  load(): Promise<unknown>;
};

/** The SDK's options that a chat sets. With `watch`, a reader stays open after the end of a turn. */
export type LazyTransportOptions = Pick<
  TriggerChatTransportOptions,
  "task" | "baseURL" | "fetch" | "startSession" | "accessToken" | "onEvent" | "watch"
>;

/**
 * Loads the SDK's transport on first use, because it is a third of the page's script and the first view needs none of
 * it. Until then, sessions are kept here and messages wait.
 */
export function lazyTransport(options: LazyTransportOptions): LazyTransport {
  type Session = Parameters<TriggerChatTransport["setSession"]>[1];
  const sessions = new Map<string, Session>();
  let loaded: TriggerChatTransport | undefined;
  let loading: Promise<TriggerChatTransport> | undefined;
  let isDisposed = false;

  async function make(): Promise<TriggerChatTransport> {
    const { TriggerChatTransport } = await untilReached(loadTransport);
    loaded = new TriggerChatTransport(options);
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
    dispose() {
      isDisposed = true;
      loaded?.dispose();
    },
    getSession: (chatId) => (loaded ? loaded.getSession(chatId) : sessions.get(chatId)),
    setSession: (chatId, session) =>
      void (loaded ? loaded.setSession(chatId, session) : sessions.set(chatId, session)),
    sendMessages: async (message) => (await load()).sendMessages(message),
    async reconnectToStream(chat) {
      const transport = await load();
      return isDisposed ? null : transport.reconnectToStream(chat);
    },
    preload: async (chatId) => (await load()).preload(chatId),
    sendPendingMessage: async (...message) => (await load()).sendPendingMessage(...message),
    stopGeneration: async (chatId) => (await load()).stopGeneration(chatId),
  };
}

/** A script that fails to load counts as a network failure, so the load is retried. */
function loadTransport() {
  return import("@trigger.dev/sdk/chat").catch(async (cause: unknown) => {
    await fetchLostScript(cause);
    throw new TypeError("Part of the page couldn't load. Reload the page to continue.", { cause });
  });
}
