import type { UIMessage } from "ai";
import type { ChatCore } from "./core";
import { inputNumber } from "./cursors";
import type { Steering } from "./steering";
import { isOver, type Kept, type SavedTranscript } from "./saved-transcript";
import type { Transcript } from "./transcript";

export type FollowOptions = {
  /** Resume silently: show no pending state before the first chunk. */
  isQuiet?: boolean;
  /** This page did not ask for the answer. */
  isResumed?: boolean;
  /** Called at the end: returns a settlement if the saved transcript must be shown in any case. */
  settle?: () => Settlement | undefined;
};

/**
 * When to show the saved transcript. "stream": once it contains everything that this page has read. "turn": once no
 * turn is running; unsaved messages stay. "branch": the same, but nothing unsaved stays.
 */
export type Settlement = "stream" | "turn" | "branch";

const KEPT: Record<Settlement, Kept> = { stream: "asked-since", turn: "unsaved", branch: "nothing" };

/** Follows answers to their end, across restarts of the worker, and then shows the saved transcript if needed. */
export class Following<M extends UIMessage> {
  /** This page stopped an answer whose end it has not seen. The next chunks belong to it. */
  isStopUnheard = false;
  readonly #core: ChatCore<M>;
  readonly #transcript: SavedTranscript<M>;
  readonly #steering: Steering<M>;
  /** The next resume returns the rest of the answer. */
  #hasRest = false;
  /** That rest repeats text that is already shown. */
  #isRepeated = false;
  #isTorn = false;
  #wasCut = false;
  /** The first chunk of the followed answer arrived. */
  #hasBegun = false;
  #hasOverlapped = false;

  constructor(core: ChatCore<M>, transcript: SavedTranscript<M>, steering: Steering<M>) {
    this.#core = core;
    this.#transcript = transcript;
    this.#steering = steering;
  }

  /** The first chunk of an answer arrived. `resumed` is false for the answer to a message just sent here. */
  onStart(messageId: string, resumed: boolean): void {
    this.#hasBegun = true;
    const { abandoned } = this.#transcript;
    const last = this.#core.messages.findLast(({ id }) => !abandoned.has(id));
    if (!resumed || this.#core.has(messageId) || last?.role === "user") return;
    // Its question may have been saved after the page was loaded.
    void this.#transcript
      .load()
      .then((fresh) => this.#transcript.show(fresh, "unsaved"))
      .catch(() => {});
  }
  onRest(): void {
    this.#hasRest = true;
  }
  onRepeat(): void {
    this.#isRepeated = true;
  }
  /** The stream contained part of an answer whose start this page did not read. */
  onTorn(): void {
    this.#isTorn = true;
  }
  /** Another page stopped the answer. */
  onCut(): void {
    this.#wasCut = true;
  }

  dropRest(): void {
    this.#hasRest = false;
    this.#core.answers.dropRest();
  }

  resume(options?: FollowOptions): Promise<void> {
    return this.follow(() => this.#core.chat.resumeStream(), options);
  }

  /**
   * Sends a request and follows its stream to the end. Never rejects: a broken stream shows as the chat's error, and a
   * transcript that failed to load is marked as stale and loaded later.
   */
  async follow(request: () => Promise<void>, options: FollowOptions = {}): Promise<void> {
    const core = this.#core;
    core.followsBegun += 1;
    if (core.state.active.following > 0) this.#hasOverlapped = true;
    this.isStopUnheard = false;
    this.#wasCut = false;
    this.#hasBegun = false;
    const before = this.#transcript.answeredInput;
    core.dispatch({ type: "follow", isQuiet: options.isQuiet === true });
    let settlement: Settlement | undefined;
    try {
      await this.#followToEnd(request());
      settlement = options.settle?.();
      // The saved answer may differ from the shown one if this page did not ask for it or did not see all of it.
      const answered = this.#transcript.answeredInput - before;
      const hasRead = answered > 0 || this.#hasBegun;
      const isBroken = core.state.hasError && (options.isResumed === true || hasRead);
      const isUncertain = options.isResumed === true || answered > 1;
      if (this.#wasCut || isBroken || (answered > 0 && isUncertain)) settlement ??= "stream";
      // After overlapping streams, the last one to end shows the saved transcript.
      if (this.#hasOverlapped && core.state.active.following === 1) {
        this.#hasOverlapped = false;
        settlement ??= "stream";
      }
      // Settling begins before following ends, so that the page isn't idle in between.
      if (settlement) core.dispatch({ type: "settle" });
    } catch {
      this.#transcript.isStale = true;
    } finally {
      core.dispatch({ type: "followed" });
    }
    if (!settlement) return;
    await this.#settleNow(settlement).catch(() => {});
    core.dispatch({ type: "settled" });
  }

  /** Shows the saved transcript, once it is saved. */
  settle(settlement: Settlement): Promise<void> {
    return this.#core.during({ type: "settle" }, { type: "settled" }, () => this.#settleNow(settlement));
  }

  async #settleNow(settlement: Settlement): Promise<void> {
    if (this.#core.hasClosed) return;
    const isOfStream = settlement === "stream";
    const { answeredInput } = this.#transcript;
    const reflectsStream = ({ cursors }: Transcript<M>) =>
      inputNumber(cursors?.lastInEventId) >= answeredInput;
    // Until it is shown.
    this.#transcript.isStale = true;
    const fresh = await this.#transcript.loadUntil(isOfStream ? reflectsStream : isOver);
    if (fresh) this.#transcript.show(fresh, KEPT[settlement]);
  }

  /**
   * The server says that no answer is running, although this page still follows one: shows the saved transcript.
   * `follows` is `core.followsBegun` at the time of the server's reply; a later stream is left alone.
   */
  async letGo(follows: number): Promise<void> {
    const core = this.#core;
    if (core.state.hasError) return;
    const fresh = await this.#transcript.load();
    const { following, delivering } = core.state.active;
    if (follows !== core.followsBegun || delivering > 0 || following === 0 || !isOver(fresh)) return;
    this.dropRest();
    await core.chat.stop();
    this.#transcript.show(fresh, "asked-since");
  }

  /** `Chat` is done when a stream ends, so a restarted answer and late steering are resumed here. */
  async #followToEnd(request: Promise<void>): Promise<void> {
    await request;
    for (;;) {
      if (this.#isTorn) await this.#mend();
      while (this.#hasRest) {
        this.#hasRest = false;
        if (this.#isRepeated) this.#transcript.show(await this.#transcript.load());
        this.#isRepeated = false;
        await this.#core.chat.resumeStream();
        if (this.#isTorn) await this.#mend();
      }
      // A broken stream doesn't show whether the answer took the message up; the saved answer does.
      if (this.#core.state.hasError && this.#steering.isUndecided) await this.#mend();
      const late = this.#steering.takeLate(this.#core.messages);
      if (!late) return;
      await this.#followLate(late);
    }
  }

  /** Reads the running answer to its end without showing it, then shows the saved transcript. */
  async #mend(): Promise<void> {
    const { chat, chatId, transport } = this.#core;
    this.#isTorn = false;
    this.#core.dispatch({ type: "answer-began" });
    chat.clearError();
    const fresh = await this.#transcript.load();
    this.#transcript.show(fresh);
    if (isOver(fresh)) return;
    this.#transcript.pointTransportAt(fresh);
    const rest = await transport.reconnectToStream({ chatId });
    await rest?.pipeTo(new WritableStream()).catch(() => {});
    const saved = await this.#transcript.loadUntil(isOver);
    if (saved) this.#transcript.show(saved, "asked-since");
  }

  /** A steering message that came too late is the next question. Its input follows all inputs so far. */
  async #followLate(message: M): Promise<void> {
    const { chat, chatId, messages, transport } = this.#core;
    this.#core.setMessages([...messages, message]);
    const session = transport.getSession(chatId);
    if (!session) return;
    const activeInputSeq = this.#steering.nextInput();
    transport.setSession(chatId, { ...session, activeInputSeq, isStreaming: true });
    await chat.resumeStream();
  }
}
