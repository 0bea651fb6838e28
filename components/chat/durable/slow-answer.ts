import type { UIMessage } from "ai";
import type { ChatCore } from "./core";
import { KeyedTask, poll } from "../shared/keyed-task";

/** When the server is asked whether the run waits for a worker, in milliseconds; then ever less often. */
const QUEUED = { firstMs: 1_200, longestMs: 10_000 };
/** Longer, in milliseconds, than most models pause and than a worker takes to start. */
const STALLED_AFTER_MS = 20_000;

/** Finds out why an answer is slow: its run waits for a worker, or the model is silent. */
export class SlowAnswer<M extends UIMessage> {
  isQueued = false;
  isStalled = false;
  readonly #queued: KeyedTask;
  readonly #stalled: KeyedTask;

  constructor(core: ChatCore<M>) {
    this.#queued = new KeyedTask(() => {
      const stop = poll(async (signal) => {
        const isQueued = await core.options.isQueued?.(core.chatId, signal);
        // Without a reply, the last known state stays.
        if (signal.aborted || isQueued === undefined || isQueued === this.isQueued) return;
        this.isQueued = isQueued;
        core.announce();
      }, QUEUED);
      return () => {
        stop();
        this.isQueued = false;
      };
    });
    this.#stalled = new KeyedTask(() => {
      const timer = setTimeout(() => {
        this.isStalled = true;
        core.announce();
      }, STALLED_AFTER_MS);
      return () => {
        clearTimeout(timer);
        this.isStalled = false;
      };
    });
  }

  /** `waiting`: no part of the answer has arrived. `writing`: while text is expected, a key that each chunk changes. */
  update({ waiting, writing }: { waiting: boolean; writing: unknown }): void {
    this.#queued.setKey(waiting || undefined);
    this.#stalled.setKey(writing);
  }

  stop(): void {
    this.update({ waiting: false, writing: undefined });
  }
}
