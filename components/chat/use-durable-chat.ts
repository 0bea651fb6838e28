"use client";

import { useChat } from "@ai-sdk/react";
import { useTriggerChatTransport } from "@trigger.dev/sdk/chat/react";
import type { ChatTransportEvent } from "@trigger.dev/sdk/chat";
import { type FileUIPart, generateId, isToolUIPart, type UIMessage } from "ai";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import "./random-uuid";
import { patientFetch, untilReached, type Connection } from "./patient-fetch";
import { restartAware } from "./restart-aware-transport";
import type { TurnState } from "./turn-status";
import { useIsQueued } from "./use-is-queued";

/** A saved conversation as the page loaded it: messages and cursors from one snapshot. */
export type Transcript<M extends UIMessage> = {
  messages: M[];
  cursors?: { lastOutEventId?: string; lastInEventId?: string };
  /** `running`: a question is saved and its answer is not. `failed`: its answer ended in an error. */
  status: string;
};

/** A question that the engine has accepted and that no transcript has yet. */
export type PendingInput<M extends UIMessage> = { message: M; seq: number };

export type DurableChatOptions<M extends UIMessage> = {
  /** The chat's id: also the URL and the external id of its session. */
  chatId: string;
  /** Task id of the agent. */
  task: string;
  /** Where the engine's HTTP API is, for example `/engine`. */
  baseURL: string;
  transcript: Transcript<M>;
  /** A token for the chat's session, when it has one. Null, or a promise of null: the page could not get one yet. */
  accessToken?: Promise<string | null>;
  /** What waits to be answered and is not in the transcript, as far as the page could learn. */
  pendingInput?: Promise<PendingInput<M>[]>;
  /** Creates the chat and its session; must be safe to repeat. Called before the first message. */
  startSession(chatId: string): Promise<{ publicAccessToken: string }>;
  /** A fresh token, whenever the engine refuses the present one. */
  mintAccessToken(chatId: string): Promise<string>;
  loadTranscript(chatId: string): Promise<Transcript<M>>;
};

export type DurableChat<M extends UIMessage> = {
  messages: M[];
  /** What the quiet line under the conversation says. */
  turn: TurnState;
  /** An answer is on its way, whether or not this page asked for it. */
  isAnswering: boolean;
  error: Error | undefined;
  /** Resolves when the engine has the message for good; rejects, with nothing left behind, when it never got it. */
  send(message: string | { text: string; files?: FileUIPart[] }): Promise<void>;
  /** Ends the running answer; what is written so far stays. */
  stop(): Promise<void>;
  /** Answers the last question again. */
  retry(): Promise<void>;
};

type Delivery = { resolve(): void; reject(error: Error): void };

/** One chat, alive: sends, streams, resumes after a reload, survives restarts on the other side. */
export function useDurableChat<M extends UIMessage>(options: DurableChatOptions<M>): DurableChat<M> {
  const { chatId, transcript, accessToken, pendingInput } = options;
  const [connection, setConnection] = useState<Connection>("online");
  const [outcome, setOutcome] = useState<"recovered" | "stopped" | "failed" | undefined>(
    transcript.status === "failed" ? "failed" : undefined,
  );
  const [abandoned, setAbandoned] = useState<ReadonlySet<string>>(new Set());
  const [isRestarting, setIsRestarting] = useState(false);
  // A settled chat is resumed too, to learn of a question that was sent a moment before the page was loaded.
  // Until the first chunk nobody needs to know.
  const [isQuiet, setIsQuiet] = useState(transcript.status !== "running");
  const isOnline = useSyncExternalStore(
    subscribeToNetwork,
    () => navigator.onLine,
    () => true,
  );
  const [isDelivering, setIsDelivering] = useState(false);
  const deliveries = useRef(new Map<string, Delivery>());
  const hasRest = useRef(false);

  const [sharedToken] = useState(shareBriefly<string>);
  const [fetchPatiently] = useState(() => patientFetch(setConnection));
  const triggerTransport = useTriggerChatTransport({
    task: options.task,
    baseURL: options.baseURL,
    fetch: fetchPatiently,
    startSession: ({ chatId: id }) => untilReached(() => options.startSession(id)),
    accessToken: ({ chatId: id }) => sharedToken(() => untilReached(() => options.mintAccessToken(id))),
    onEvent: settleDelivery,
  });

  const [transport] = useState(() => restartAware<M>(triggerTransport));
  useEffect(() => transport.listen({ onStart, onRestart, onRest }));

  const chat = useChat<M>({
    id: chatId,
    messages: transcript.messages,
    transport,
    throttle: 40,
    onData: (part) => {
      if (part.type === "data-run-recovered") setOutcome("recovered");
    },
    onError: (error) => {
      for (const delivery of deliveries.current.values()) delivery.reject(error);
    },
  });

  function settleDelivery(event: ChatTransportEvent) {
    if (event.type === "message-sent" && event.messageId) deliveries.current.get(event.messageId)?.resolve();
  }

  function onStart(messageId: string, resumed: boolean) {
    setIsQuiet(false);
    if (!resumed || chat.messages.some((message) => message.id === messageId)) return;
    // The question of a resumed answer may have been saved after this page was rendered.
    if (chat.messages.at(-1)?.role !== "user") void load().then(merge);
  }

  function onRestart(abandonedId: string) {
    setAbandoned((ids) => new Set(ids).add(abandonedId));
  }

  function onRest() {
    hasRest.current = true;
    setIsRestarting(true);
  }

  function load(): Promise<Transcript<M>> {
    return untilReached(() => options.loadTranscript(chatId));
  }

  /** What is saved comes first and as it was saved; what is newer than that follows as it is shown. */
  function merge(saved: Transcript<M>) {
    const ids = new Set(saved.messages.map((message) => message.id));
    chat.setMessages((shown) => [...saved.messages, ...shown.filter((message) => !ids.has(message.id))]);
  }

  /** `useChat` settles when a stream ends; an answer that began again goes on behind the next resume. */
  async function follow(request: Promise<void>) {
    await request;
    while (hasRest.current) {
      hasRest.current = false;
      await chat.resumeStream();
    }
    setIsRestarting(false);
  }

  const { resumeStream, setMessages } = chat;
  const connecting = useRef<Promise<void>>(undefined);
  const connect = useCallback(async () => {
    if (!accessToken) return;
    const [token, pending] = await Promise.all([orElse(accessToken, null), orElse(pendingInput, [])]);
    const known = new Set(transcript.messages.map((message) => message.id));
    const waiting = pending.filter(({ message }) => !known.has(message.id));
    if (waiting.length > 0) {
      setMessages((shown) => [...shown, ...waiting.map(({ message }) => message)]);
      setIsQuiet(false);
    }
    const { lastOutEventId, lastInEventId } = transcript.cursors ?? {};
    // A turn that is known to come is waited for, however silent it is.
    const awaited = transcript.status === "running" ? Number(lastInEventId ?? -1) + 1 : waiting[0]?.seq;
    triggerTransport.setSession(chatId, {
      // An empty token is refused once, and then `accessToken` brings a good one.
      publicAccessToken: token ?? "",
      ...(lastOutEventId === undefined ? {} : { lastEventId: lastOutEventId }),
      ...(awaited === undefined ? {} : { activeInputSeq: awaited, isStreaming: true }),
    });
  }, [accessToken, chatId, pendingInput, setMessages, transcript, triggerTransport]);
  useEffect(() => {
    if (connecting.current || !accessToken) return;
    connecting.current = connect();
    // A resume that fails is shown by `error`.
    void connecting.current.then(() => resumeStream()).then(() => setIsQuiet(false));
  }, [accessToken, connect, resumeStream]);

  async function send(outgoing: string | { text: string; files?: FileUIPart[] }): Promise<void> {
    const { text, files = [] } = typeof outgoing === "string" ? { text: outgoing } : outgoing;
    const id = generateId();
    setOutcome(undefined);
    setIsQuiet(false);
    setIsDelivering(true);
    const delivered = new Promise<void>((resolve, reject) => deliveries.current.set(id, { resolve, reject }));
    const parts = [...files, ...(text ? [{ type: "text", text }] : [])];
    const message = { id, role: "user", parts } as unknown as M;
    // Without the session's cursor the answer would begin with what is already shown.
    await connecting.current;
    // Its failure is shown by `error`; what the caller waits for is the delivery.
    void follow(chat.sendMessage(message));
    try {
      await delivered;
    } catch (error) {
      chat.setMessages((messages) => messages.filter((shown) => shown.id !== id));
      chat.clearError();
      throw error;
    } finally {
      deliveries.current.delete(id);
      setIsDelivering(deliveries.current.size > 0);
    }
  }

  async function stop(): Promise<void> {
    setOutcome("stopped");
    await chat.stop();
    await triggerTransport.stopGeneration(chatId);
    await settle();
  }

  /** The run writes a little more before it hears of the stop: show what was saved, so a reload shows the same. */
  async function settle() {
    for (const delay of [50, 150, 400, 1_000, 2_000]) {
      await new Promise((resolve) => setTimeout(resolve, delay));
      const saved = await load();
      if (saved.status !== "running") return merge(saved);
    }
  }

  async function retry(): Promise<void> {
    setOutcome(undefined);
    chat.clearError();
    await follow(chat.regenerate());
  }

  const messages = useMemo(
    () =>
      abandoned.size === 0 ? chat.messages : chat.messages.filter((message) => !abandoned.has(message.id)),
    [abandoned, chat.messages],
  );
  const isBusy = chat.status === "submitted" || chat.status === "streaming";
  const isAnswering = isRestarting || (isBusy && !isQuiet);
  const answerSoFar = answerState(messages.at(-1));
  const accessTokenNow = useCallback(
    () => triggerTransport.getSession(chatId)?.publicAccessToken,
    [chatId, triggerTransport],
  );
  const isQueued = useIsQueued({
    isWaiting: isAnswering && !isDelivering && answerSoFar === undefined,
    url: `${options.baseURL}/api/v1/sessions/${encodeURIComponent(chatId)}`,
    accessToken: accessTokenNow,
  });
  return {
    messages,
    turn: turnState(),
    isAnswering,
    error: chat.error,
    send,
    stop,
    retry,
  };

  function turnState(): TurnState {
    if (!isOnline) return "offline";
    if (connection === "reconnecting") return "reconnecting";
    if (chat.status === "error") return "failed";
    if (!isAnswering) return outcome ?? "idle";
    if (isDelivering) return "sending";
    if (answerSoFar) return answerSoFar;
    if (isQueued) return "queued";
    return outcome === "recovered" ? "recovered" : "thinking";
  }
}

/**
 * What the page promised, or `missing` when it could not keep it. Not `promise.catch`: a promise that came from the
 * server has a `then` that returns nothing.
 */
async function orElse<T>(promise: Promise<T> | undefined, missing: T): Promise<T> {
  try {
    return (await promise) ?? missing;
  } catch {
    return missing;
  }
}

/** A stream and a message that are refused at the same moment need one new token, not two. */
function shareBriefly<T>(): (make: () => Promise<T>) => Promise<T> {
  let last: { made: number; value: Promise<T> } | undefined;
  return (make) => {
    if (last && Date.now() - last.made < 5_000) return last.value;
    const value = make();
    last = { made: Date.now(), value };
    value.catch(() => {
      last = undefined;
    });
    return value;
  };
}

/** Undefined while nothing of the answer can be seen. */
function answerState(message: UIMessage | undefined): TurnState | undefined {
  const part = message?.role === "assistant" ? message.parts.at(-1) : undefined;
  if (!part) return undefined;
  if (isToolUIPart(part)) return part.state.startsWith("output-") ? "thinking" : "using-tool";
  return part.type === "text" || part.type === "reasoning" ? "answering" : undefined;
}

function subscribeToNetwork(onChange: () => void): () => void {
  window.addEventListener("online", onChange);
  window.addEventListener("offline", onChange);
  return () => {
    window.removeEventListener("online", onChange);
    window.removeEventListener("offline", onChange);
  };
}
