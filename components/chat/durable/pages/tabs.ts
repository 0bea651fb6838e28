import type { UIMessage } from "ai";
import type { Browser } from "./browser";

/** A message between the tabs of one chat. */
type TabMessage<M> =
  /** The next answer is this tab's. `question` is absent for a regenerate. */
  | { type: "asks"; from: string; question?: M }
  /** Its question never reached the engine. */
  | { type: "withdraws"; from: string; id: string }
  | { type: "takes-over"; from: string }
  /** The chat shows another branch, or another end of the same branch. */
  | { type: "moved"; from: string }
  /** This tab expects no answer any more. */
  | { type: "rests"; from: string }
  | { type: "who-writes"; from: string };

export type TabsOptions<M extends UIMessage> = {
  chatId: string;
  browser: Browser;
  onChange: () => void;
  /** Another tab sent this question. It may not be saved yet. */
  onAsked: (question: M, from: string) => void;
  onWithdrawn: (questionId: string) => void;
  onMoved: () => void;
  /** That tab expects no answer any more, or is closed. */
  onRested: (from: string) => void;
};

/**
 * Tracks which tab of this browser writes in the chat. A tab holds a lock of its own while it is open, so the others
 * notice when it is closed or crashes. Without locks (plain http) they wait for the end of the answer.
 */
export class Tabs<M extends UIMessage> {
  /** The id of the other tab whose answer is running. */
  writer: string | undefined;
  readonly #options: TabsOptions<M>;
  readonly #id = crypto.randomUUID();
  /** For each tab that asked or took over: the function that stops waiting for its end. */
  readonly #awaited = new Map<string, () => void>();
  #isWriting = false;
  /** True after this tab told others that it writes, until it tells them that it rests. */
  #isAnnounced = false;
  #isAnswering = false;
  #channel: { post(message: TabMessage<M>): void; close(): void } | undefined;
  #releaseLock = () => {};

  constructor(options: TabsOptions<M>) {
    this.#options = options;
  }

  open(): void {
    const { browser, chatId } = this.#options;
    this.#channel = browser.openChannel<TabMessage<M>>(`holdfast:chat:${chatId}`, (message) =>
      this.#onMessage(message),
    );
    this.#post({ type: "who-writes", from: this.#id });
    if (browser.hasLocks()) this.#releaseLock = browser.holdLock(lockOf(this.#id), () => {});
  }

  close(): void {
    if (this.#isAnnounced) this.#rest();
    for (const stop of this.#awaited.values()) stop();
    this.#awaited.clear();
    this.#channel?.close();
    this.#channel = undefined;
    this.#releaseLock();
  }

  /** Tells the other tabs that the next answer is this tab's. */
  ask(question?: M): void {
    this.#write();
    this.#post({ type: "asks", from: this.#id, ...(question && { question }) });
  }

  withdraw(questionId: string): void {
    this.#post({ type: "withdraws", from: this.#id, id: questionId });
  }

  /** Tells the other tabs that another branch is shown. */
  tellMoved(): void {
    this.#post({ type: "moved", from: this.#id });
  }

  /** Makes this tab the writer; the others become view-only. */
  takeOver(): void {
    this.#write();
    this.#post({ type: "takes-over", from: this.#id });
    // Without a running answer, the others would stay view-only forever.
    if (!this.#isAnswering) this.#rest();
  }

  /** `isAnswering`: this tab expects an answer, from whatever page. When that ends, the tab stops being the writer. */
  update(isAnswering: boolean): void {
    const hasEnded = this.#isAnswering && !isAnswering;
    this.#isAnswering = isAnswering;
    if (hasEnded && this.#isAnnounced) this.#rest();
  }

  #onMessage(message: TabMessage<M>): void {
    switch (message.type) {
      case "asks":
        // Two tabs that ask at the same moment both write. The engine decides the order.
        this.#awaitEndOf(message.from);
        if (!this.#isWriting) this.#setWriter(message.from);
        if (message.question) this.#options.onAsked(message.question, message.from);
        return;
      case "withdraws":
        return this.#options.onWithdrawn(message.id);
      case "moved":
        return this.#options.onMoved();
      case "takes-over":
        this.#awaitEndOf(message.from);
        this.#isWriting = false;
        return this.#setWriter(message.from);
      case "rests":
        return this.#onRested(message.from);
      case "who-writes":
        if (this.#isWriting) this.#post({ type: "asks", from: this.#id });
    }
  }

  #onRested(tab: string): void {
    this.#awaited.get(tab)?.();
    this.#awaited.delete(tab);
    if (this.writer === tab) this.#setWriter(undefined);
    this.#options.onRested(tab);
    // Other tabs may now show the next answer; tell them it is ours.
    if (this.#isWriting) this.#post({ type: "asks", from: this.#id });
  }

  #write(): void {
    this.#isWriting = true;
    this.#isAnnounced = true;
    this.#setWriter(undefined);
  }

  #rest(): void {
    this.#isWriting = false;
    this.#isAnnounced = false;
    this.#post({ type: "rests", from: this.#id });
  }

  #setWriter(writer: string | undefined): void {
    if (writer === this.writer) return;
    this.writer = writer;
    this.#options.onChange();
  }

  /** A closed tab expects no answer, even if it could not say so. */
  #awaitEndOf(tab: string): void {
    const { browser } = this.#options;
    if (!browser.hasLocks() || this.#awaited.has(tab)) return;
    const onGone = () => queueMicrotask(() => this.#awaited.has(tab) && this.#onRested(tab));
    this.#awaited.set(tab, browser.holdLock(lockOf(tab), onGone));
  }

  #post(message: TabMessage<M>): void {
    this.#channel?.post(message);
  }
}

const lockOf = (tab: string) => `holdfast:tab:${tab}`;
