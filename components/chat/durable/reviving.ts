import type { UIMessage } from "ai";
import type { ChatCore } from "./core";
import { KeyedTask, poll } from "../shared/keyed-task";

/** The silence, in milliseconds, after which the page asks the server about the answer; then ever less often. */
const SILENCE = { firstMs: 10_000, longestMs: 30_000 };

/**
 * A dead worker can leave a page waiting forever, and the engine may not notice. So a page that expects an answer and
 * receives nothing asks the server to check, and so does a page that is closed during an answer.
 */
export class Reviving<M extends UIMessage> {
  readonly #core: ChatCore<M>;
  readonly #onOver: (follows: number) => Promise<void>;
  readonly #silence: KeyedTask;
  #hadError = false;
  #isExpecting = false;

  /** `onOver` is called when the server says that no answer is running, with `core.followsBegun` at that time. */
  constructor(core: ChatCore<M>, onOver: (follows: number) => Promise<void>) {
    this.#core = core;
    this.#onOver = onOver;
    this.#silence = new KeyedTask(() => poll(() => this.#look(), SILENCE));
  }

  /** Called after every change. `isAnswering`: the page expects an answer. */
  update(isAnswering: boolean): void {
    const { isOnline, messages, state } = this.#core;
    // Every chunk makes a new array, which restarts the timer.
    this.#isExpecting = isAnswering && isOnline;
    this.#silence.setKey(this.#isExpecting ? messages : undefined);
    // The failed turn may not be saved as failed yet.
    if (state.hasError && !this.#hadError) void this.#look().catch(() => {});
    this.#hadError = state.hasError;
  }

  /** Asks the server to check while the page is being closed. */
  onLeave(): void {
    const { chatId, options } = this.#core;
    if (this.#isExpecting) void options.lookAfter?.(chatId, { isLeaving: true }).catch(() => {});
  }

  stop(): void {
    this.#silence.setKey(undefined);
  }

  async #look(): Promise<void> {
    const { chatId, followsBegun, options } = this.#core;
    const found = await options.lookAfter?.(chatId, { isLeaving: false });
    if (found === "settled") await this.#onOver(followsBegun);
  }
}
