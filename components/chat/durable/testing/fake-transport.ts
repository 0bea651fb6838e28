import type { ChatTransportEvent } from "@trigger.dev/sdk/chat";
import type { UIMessageChunk } from "ai";
import type { LazyTransport, LazyTransportOptions } from "../transport/lazy-transport";
import type { FakeServer, OutRecord } from "./fake-server";

type Session = NonNullable<ReturnType<LazyTransport["getSession"]>>;
type State = Session & {
  turnStart?: { lastEventId: string | undefined };
  isSkipping?: boolean;
  superseded?: number;
};
type Reader = { end: () => void; fail: (error: Error) => void; isOver: boolean };

/** A page's line to the server: what a test breaks. */
export type Line = {
  server: FakeServer;
  isUp: () => boolean;
  onChange: (callback: () => void) => () => void;
};

/**
 * As the SDK's transport, in what a chat sees of it: cursors, one stream at a time, the gate behind a stop, the peek at
 * a settled session, and the events. Appends go through the given `fetch`.
 */
export class FakeTransport implements LazyTransport {
  readonly #options: LazyTransportOptions;
  readonly #line: Line;
  readonly #sessions = new Map<string, State>();
  #reader: Reader | undefined;
  #parts = 0;

  constructor(options: LazyTransportOptions, line: Line) {
    this.#options = options;
    this.#line = line;
  }

  load = async () => this;
  dispose = () => this.#reader?.end();
  /** The stream breaks off, and the SDK has given up. */
  breakStream(): void {
    this.#reader?.fail(new Error("Chat stream ended before the turn completed."));
  }

  getSession = (chatId: string): Session | undefined => {
    const state = this.#sessions.get(chatId);
    if (!state) return undefined;
    const { publicAccessToken, activeInputSeq, isStreaming } = state;
    const lastEventId = state.turnStart ? state.turnStart.lastEventId : state.lastEventId;
    return { publicAccessToken, lastEventId, activeInputSeq, isStreaming } as Session;
  };

  setSession = (chatId: string, session: Session): void => {
    const state: State = { ...session };
    if (state.isStreaming) state.turnStart = { lastEventId: state.lastEventId };
    this.#sessions.set(chatId, state);
  };

  sendMessages: LazyTransport["sendMessages"] = async ({ chatId, trigger, messages, body }) => {
    const state = await this.#ensureSession(chatId);
    const action = (body as { action?: unknown } | undefined)?.action;
    const source = action ? "action" : trigger;
    const message = trigger === "submit-message" && !action ? messages.at(-1) : undefined;
    const seq = await this.#append(chatId, source, message?.id, { trigger: source, message, action });
    this.#reader?.end();
    state.activeInputSeq = seq;
    state.isStreaming = true;
    state.turnStart = { lastEventId: state.lastEventId };
    return this.#subscribe(chatId, state, { since: seq, peek: false });
  };

  sendPendingMessage: LazyTransport["sendPendingMessage"] = async (chatId, message) => {
    if (!this.#sessions.has(chatId)) return false;
    const payload = { trigger: "submit-message", message };
    return this.#append(chatId, "steer", message.id, payload).then(
      () => true,
      () => false,
    );
  };

  preload: LazyTransport["preload"] = async (chatId) => {
    await this.#ensureSession(chatId);
  };

  stopGeneration: LazyTransport["stopGeneration"] = async (chatId) => {
    const state = this.#sessions.get(chatId);
    if (!state) return false;
    try {
      await this.#append(chatId, "stop", undefined, { trigger: "stop" });
    } catch {
      return false;
    }
    if (state.isStreaming || state.activeInputSeq !== undefined) {
      state.isSkipping = true;
      if (state.activeInputSeq !== undefined) state.superseded = state.activeInputSeq;
    }
    this.#reader?.end();
    state.isStreaming = false;
    delete state.turnStart;
    return true;
  };

  reconnectToStream: LazyTransport["reconnectToStream"] = async ({ chatId }) => {
    const state = this.#sessions.get(chatId);
    const { watch } = this.#options;
    if (!state || (state.isStreaming === false && !watch) || this.#reader) return null;
    const since = state.activeInputSeq;
    return this.#subscribe(chatId, state, { since, peek: !watch && since === undefined });
  };

  async #ensureSession(chatId: string): Promise<State> {
    const known = this.#sessions.get(chatId);
    if (known?.publicAccessToken) return known;
    const { publicAccessToken } = await this.#options.startSession!({
      taskId: "chat",
      chatId,
      clientData: {},
    });
    this.setSession(chatId, { ...known, publicAccessToken, isStreaming: false });
    return this.#sessions.get(chatId)!;
  }

  async #append(
    chatId: string,
    source: string,
    messageId: string | undefined,
    payload: unknown,
  ): Promise<number> {
    const base = { chatId, timestamp: Date.now(), source, durationMs: 0, ...(messageId && { messageId }) };
    try {
      const init = {
        method: "POST",
        headers: { "X-Part-Id": `part-${++this.#parts}-${crypto.randomUUID()}` },
        body: JSON.stringify({ kind: "message", payload }),
      };
      const response = await this.#options.fetch!("fake:/in/append", init, { endpoint: "in", chatId });
      if (!response.ok) throw new Error(`The append failed: ${response.status}`);
      const { seq } = (await response.json()) as { seq: number };
      this.#emit({ type: "message-sent", ...base } as ChatTransportEvent);
      return seq;
    } catch (error) {
      this.#emit({ type: "message-send-failed", error, ...base } as ChatTransportEvent);
      throw error;
    }
  }

  #emit(event: ChatTransportEvent): void {
    this.#options.onEvent?.(event);
  }

  #subscribe(
    chatId: string,
    state: State,
    { since, peek }: { since: number | undefined; peek: boolean },
  ): ReadableStream<UIMessageChunk> {
    const { server } = this.#line;
    let position = Number(state.lastEventId ?? -1) + 1;
    let hasChunk = false;
    const stops: (() => void)[] = [];
    const reader: Reader = { end: () => {}, fail: () => {}, isOver: false };
    this.#reader = reader;
    const stream = new ReadableStream<UIMessageChunk>({
      start: (controller) => {
        const over = (finish: () => void) => {
          if (reader.isOver) return;
          reader.isOver = true;
          for (const stop of stops) stop();
          if (this.#reader === reader) this.#reader = undefined;
          finish();
        };
        reader.end = () => over(() => controller.close());
        reader.fail = (error) =>
          over(() => {
            state.isStreaming = false;
            delete state.turnStart;
            this.#emit({ type: "stream-error", chatId, timestamp: Date.now(), error });
            controller.error(error);
          });
        const take = (record: OutRecord) => {
          state.turnStart ??= { lastEventId: state.lastEventId };
          state.lastEventId = String(record.id);
          if (state.isSkipping) {
            if (!("answered" in record)) return;
            if (state.superseded !== undefined && record.answered < state.superseded) return;
            state.isSkipping = false;
            delete state.superseded;
            if (since !== undefined && record.answered >= since)
              return reader.fail(new Error("The previous turn's output was lost. Try again."));
          }
          if ("chunk" in record) {
            if (!hasChunk) this.#emit({ type: "first-chunk", chatId, timestamp: Date.now() });
            hasChunk = true;
            return controller.enqueue(structuredClone(record.chunk));
          }
          if (since !== undefined && record.answered < since) return;
          this.#emit({
            type: "turn-completed",
            chatId,
            timestamp: Date.now(),
            lastEventId: String(record.id),
            sessionInEventId: String(record.answered),
          });
          since = undefined;
          delete state.activeInputSeq;
          state.isStreaming = false;
          delete state.turnStart;
          hasChunk = false;
          if (!this.#options.watch) reader.end();
        };
        const pump = () => {
          while (!reader.isOver && this.#line.isUp() && position < server.outs.length)
            take(server.outs[position++]!);
          if (peek && !reader.isOver && this.#line.isUp() && server.isSettled) reader.end();
        };
        stops.push(
          server.onRecord(() => setTimeout(pump, 1)),
          this.#line.onChange(pump),
        );
        setTimeout(pump, 2);
      },
      cancel: () => {
        reader.isOver = true;
        for (const stop of stops) stop();
        if (this.#reader === reader) this.#reader = undefined;
      },
    });
    return stream;
  }
}
