import type { TriggerChatTransport, TriggerChatTransportOptions } from "@trigger.dev/sdk/chat";
import { untilReached } from "./retrying-fetch";
import { fetchLostScript } from "../shared/until-loaded";

/** What a chat needs of the SDK's transport. */
export type LaterTransport = Pick<
  TriggerChatTransport,
  "sendMessages" | "reconnectToStream" | "sendPendingMessage" | "stopGeneration" | "getSession" | "setSession"
>;

export type LaterTransportOptions = Pick<
  TriggerChatTransportOptions,
  "task" | "baseURL" | "fetch" | "startSession" | "accessToken" | "onEvent"
>;

type Loading = {
  load(): Promise<TriggerChatTransport>;
  /** From now on these callbacks are called. */
  use(options: LaterTransportOptions): void;
};

/** The SDK's transport, of which nothing is loaded before it is asked for. */
export function laterTransport(options: LaterTransportOptions): LaterTransport & Loading {
  type Session = Parameters<TriggerChatTransport["setSession"]>[1];
  const sessions = new Map<string, Session>();
  let loaded: TriggerChatTransport | undefined;
  let loading: Promise<TriggerChatTransport> | undefined;

  async function make(): Promise<TriggerChatTransport> {
    const { TriggerChatTransport } = await untilReached(loadTransport);
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
export function loadTransport() {
  return import("@trigger.dev/sdk/chat").catch(async (cause: unknown) => {
    await fetchLostScript(cause);
    throw new TypeError("Part of the page couldn't load. Reload the page to continue.", { cause });
  });
}
