import type { ChatTransportEvent } from "@trigger.dev/sdk/chat";
import type { UIMessage } from "ai";
import type { ChatCore } from "../core";
import { KeyedTask } from "../../shared/keyed-task";
import { retryingFetch } from "../transport/retrying-fetch";

export type News = Extract<ChatTransportEvent, { type: "first-chunk" | "turn-completed" }>;

export type StreamTailOptions = {
  /** The page's position in the stream; undefined while the chat has no session. */
  position: () => { publicAccessToken: string; lastEventId?: string | undefined } | undefined;
  /**
   * An answer began or a turn ended behind that position. Returning true means that it is handled: there are no further
   * calls until the tail gets another key.
   */
  onNews: (event: News) => boolean;
};

/** The pause before a broken tail is opened again. */
const AGAIN_MS = 5_000;

/**
 * A doorbell: while the page is visible, it reads the tail of the chat's stream. It reports that another tab, another
 * device or a run wrote something. The page then reads the content itself.
 */
export class StreamTail<M extends UIMessage> {
  readonly #core: ChatCore<M>;
  readonly #options: StreamTailOptions;
  readonly #reading: KeyedTask;

  constructor(core: ChatCore<M>, options: StreamTailOptions) {
    this.#core = core;
    this.#options = options;
    this.#reading = new KeyedTask(() => this.#open());
  }

  /** The tail is open while it has a key. Another key opens it again at the page's position. */
  setKey(key: unknown): void {
    this.#reading.setKey(this.#core.browser.isVisible() ? key : undefined);
  }

  #open(): () => void {
    let close = this.#openOnce(again);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const open = () => (close = this.#openOnce(again));
    function again() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        close();
        open();
      }, AGAIN_MS);
    }
    return () => {
      clearTimeout(timer);
      close();
    };
  }

  #openOnce(onBroken: () => void): () => void {
    const session = this.#options.position();
    if (!session) return () => {};
    const { chatId } = this.#core;
    let isTakenUp = false;
    let isClosed = false;
    const transport = this.#core.makeTransport({
      watch: true,
      // A broken tail of an idle page is not shown as "reconnecting".
      fetch: retryingFetch(() => {}),
      onEvent: (event) => {
        if (isClosed) return;
        if (event.type === "session-closed") this.#core.close();
        if (isTakenUp) return;
        if (event.type === "first-chunk" || event.type === "turn-completed")
          isTakenUp = this.#options.onNews(event);
        if (event.type === "stream-error" && event.status !== 404) onBroken();
      },
    });
    transport.setSession(chatId, session);
    transport.reconnectToStream({ chatId }).catch(() => isClosed || onBroken());
    return () => {
      isClosed = true;
      transport.dispose();
    };
  }
}
