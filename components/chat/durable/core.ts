import { Chat } from "@ai-sdk/react";
import type { ChatTransportEvent } from "@trigger.dev/sdk/chat";
import type { UIMessage } from "ai";
import "../shared/random-uuid";
import { type Browser, thisBrowser } from "./pages/browser";
import { Deliveries } from "./deliveries";
import { withHeadStart } from "./transport/head-start";
import { lazyTransport, type LazyTransport, type LazyTransportOptions } from "./transport/lazy-transport";
import { type ChatEvent, type ChatState, initialState, isAtRest, reduce } from "./phase";
import { type RestartAwareTransport, restartAware } from "./transport/restart-aware-transport";
import { type Connection, retryingFetch, untilReached } from "./transport/retrying-fetch";
import { SubAgents } from "./sub-agents/sub-agents";
import type { DurableChatOptions } from "./types";

/** The shortest time between two announcements of streamed text, in milliseconds. */
const ANNOUNCE_EVERY_MS = 40;
/** A stream and a message refused within this time, in milliseconds, share one new token. */
const SHARE_TOKEN_FOR_MS = 5_000;

/** The browser and the transport of a durable chat. Tests replace them. */
export type Surroundings = {
  browser: Browser;
  makeTransport: (options: LazyTransportOptions) => LazyTransport;
};

const surroundings: Surroundings = { browser: thisBrowser, makeTransport: lazyTransport };

/** The objects that the parts of a durable chat share: the AI SDK's `Chat`, the transport, and the state. */
export class ChatCore<M extends UIMessage> {
  options: DurableChatOptions<M>;
  readonly chatId: string;
  readonly browser: Browser;
  readonly chat: Chat<M>;
  readonly transport: LazyTransport;
  readonly answers: RestartAwareTransport<M>;
  /** Cancels further attempts to send: the person pressed Stop. */
  readonly giveUpSending: () => void;
  readonly deliveries = new Deliveries();
  readonly subAgents = new SubAgents();
  /** Ids of the messages that this page sent. */
  readonly own = new Set<string>();
  state: ChatState;
  connection: Connection = "online";
  isOnline = true;
  /** True while the page is mounted. */
  isOpen = false;
  /** The number of streams followed so far. It dates what the server says about "the answer". */
  followsBegun = 0;
  /** The id of the last question sent here; undefined after a regenerate. */
  lastAsked: string | undefined;
  /** Resolves when the transport has the session of the loaded page. */
  connected: Promise<void> = Promise.resolve();
  /** True once the session is closed, also before `options.isClosed` says so. */
  hasClosed = false;
  onTransportEvent: (event: ChatTransportEvent) => void = () => {};
  /** `isTorn`: the stream contained part of an answer whose start this page did not read. */
  onError: (error: Error, isTorn: boolean) => void = () => {};

  readonly #listeners = new Set<() => void>();
  readonly #makeTransport: Surroundings["makeTransport"];
  readonly #shareToken = shareBriefly<string>();

  constructor(options: DurableChatOptions<M>, { browser, makeTransport } = surroundings) {
    this.options = options;
    this.chatId = options.chatId;
    this.browser = browser;
    this.#makeTransport = makeTransport;
    this.state = initialState(options.transcript.status);
    const sending = retryingFetch((connection) => this.#setConnection(connection));
    this.giveUpSending = () => sending.giveUp();
    const transport = this.makeTransport({
      fetch: sending,
      startSession: ({ chatId }) => untilReached(() => this.options.startSession(chatId), sending.signal()),
      onEvent: (event) => this.#onTransportEvent(event),
    });
    this.transport = withHeadStart<M>(transport, {
      ask: async (message) =>
        untilReached(async () => this.options.headStart?.(this.chatId, message), sending.signal()),
      onAsked: (messageId) => this.deliveries.arrived(messageId),
    });
    this.answers = restartAware<M>(this.transport);
    this.chat = new Chat<M>({
      id: options.chatId,
      messages: options.transcript.messages,
      transport: this.answers,
      onData: (part) => {
        this.subAgents.onData(part);
        if (part.type === "data-run-recovered") this.dispatch({ type: "outcome", outcome: "recovered" });
      },
      onError: (error) => this.onError(error, error.name === "AI_UIMessageStreamError"),
    });
    this.chat["~registerMessagesCallback"](this.announce, ANNOUNCE_EVERY_MS);
    this.chat["~registerErrorCallback"](this.announce);
    this.chat["~registerStatusCallback"](() =>
      this.dispatch({ type: "error", hasError: this.chat.status === "error" }),
    );
  }

  get isClosed(): boolean {
    return this.options.isClosed === true;
  }

  /** Makes another transport for this chat, which shares its tokens. */
  makeTransport(options: Omit<LazyTransportOptions, "task" | "baseURL" | "accessToken">): LazyTransport {
    const { task, baseURL } = this.options;
    const accessToken = () =>
      this.#shareToken(() => untilReached(() => this.options.mintAccessToken(this.chatId)));
    return this.#makeTransport({ ...options, task, baseURL, accessToken });
  }

  /** Changes the state. There is no other way to change it. */
  dispatch(event: ChatEvent): void {
    const next = reduce(this.state, event);
    if (next === this.state) return;
    this.state = next;
    // Nothing is sent or read any more, so nobody would find out that the connection is back.
    if (isAtRest(next)) this.connection = "online";
    this.announce();
  }

  /** Runs a function between the event that begins an activity and the one that ends it. */
  async during<T>(begin: ChatEvent, end: ChatEvent, run: () => Promise<T>): Promise<T> {
    this.dispatch(begin);
    try {
      return await run();
    } finally {
      this.dispatch(end);
    }
  }

  get messages(): M[] {
    return this.chat.messages;
  }

  /** Replaces the shown messages. */
  setMessages(messages: M[]): void {
    this.chat.messages = messages;
    this.announce();
  }

  has(messageId: string): boolean {
    return this.messages.some(({ id }) => id === messageId);
  }

  /** Records that the session is closed for good. */
  close(): void {
    this.hasClosed = true;
    this.options.onClosed?.();
  }

  /** Resolves when the condition is true, or after `withinMs` milliseconds. */
  async until(isTrue: () => boolean, withinMs?: number): Promise<void> {
    if (isTrue()) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = withinMs === undefined ? undefined : setTimeout(end, withinMs);
      const stop = this.subscribe(() => isTrue() && end());
    });
  }

  /** Calls every subscriber. */
  announce = (): void => {
    for (const listener of this.#listeners) listener();
  };

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  setOnline(isOnline: boolean): void {
    this.isOnline = isOnline;
    this.announce();
  }

  #setConnection(connection: Connection): void {
    if (connection === this.connection || isAtRest(this.state)) return;
    this.connection = connection;
    this.announce();
  }

  #onTransportEvent(event: ChatTransportEvent): void {
    if (event.type === "session-closed") this.close();
    this.deliveries.onEvent(event);
    this.onTransportEvent(event);
  }
}

/** Returns a function that makes a value once for all calls within a short time. A failure is not reused. */
function shareBriefly<T>(): (make: () => Promise<T>) => Promise<T> {
  let last: { made: number; value: Promise<T> } | undefined;
  return (make) => {
    if (last && Date.now() - last.made < SHARE_TOKEN_FOR_MS) return last.value;
    const value = make();
    last = { made: Date.now(), value };
    value.catch(() => {
      last = undefined;
    });
    return value;
  };
}
