import type { Browser } from "./pages/browser";
import type { OutgoingMessage, QueuedMessage } from "./types";

/** The queue as a page shows it, with its operations. */
export type MessageQueueView = {
  /** The next one first. */
  queued: QueuedMessage[];
  /** Why the next message was not sent. It waits until the queue changes or the person sends it. */
  failure: Error | undefined;
  add: (message: OutgoingMessage) => void;
  edit: (id: string, text: string) => void;
  move: (id: string, index: number) => void;
  remove: (id: string) => void;
};

export type MessageQueueOptions = {
  browser: Browser;
  /** The key in the browser's storage; include the chat's id. Without it, a reload empties the queue. */
  storageKey: string | undefined;
  onChange: () => void;
  /** Whether the engine already has the message with this id, maybe from before a reload. */
  hasArrived: (id: string) => boolean;
  send: (message: QueuedMessage) => Promise<void>;
};

/**
 * Messages that wait for the running answer. They are stored in this browser until the engine has them. If several tabs
 * show the chat, one of them sends.
 */
export class MessageQueue {
  /** The next one first. Empty before `open`, so that the server and hydration agree. */
  queued: QueuedMessage[] = [];
  failure: Error | undefined;
  readonly #options: MessageQueueOptions;
  /** False after a failed write: then the queue lives only in this page. */
  #isStored = true;
  /** This tab sends the queue. */
  #isSender = false;
  #isSending = false;
  #stops: (() => void)[] = [];

  constructor(options: MessageQueueOptions) {
    this.#options = options;
  }

  open(): void {
    const { browser, storageKey } = this.#options;
    const becomeSender = () => {
      this.#isSender = true;
      this.#options.onChange();
    };
    if (storageKey === undefined || !browser.hasLocks()) becomeSender();
    else this.#stops.push(browser.holdLock(storageKey, becomeSender));
    if (storageKey === undefined) return;
    this.#refresh();
    this.#stops.push(browser.onStored(storageKey, () => this.#refresh()));
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#isSender = false;
  }

  add = (message: OutgoingMessage): void =>
    this.#change((queue) => [...queue, { ...message, id: crypto.randomUUID() }]);

  /** Keeps a message that was sent under this id and did not arrive, until the person sends it again. */
  hold(message: OutgoingMessage, id: string): void {
    this.#change((queue) => [...queue, { ...message, id, isHeld: true }]);
  }

  edit = (id: string, text: string): void =>
    this.#change((queue) => queue.map((item) => (item.id === id ? { ...item, text } : item)));

  move = (id: string, index: number): void =>
    this.#change((queue) => {
      const item = queue.find((candidate) => candidate.id === id);
      return item ? queue.filter((other) => other !== item).toSpliced(index, 0, item) : queue;
    });

  remove = (id: string): void => this.#change((queue) => queue.filter((item) => item.id !== id));

  /** Called after every change. `isReady`: the next message may be sent. */
  update(isReady: boolean): void {
    // A held message that arrived after all: only the reply was lost.
    const isFound = ({ id, isHeld }: QueuedMessage) => isHeld === true && this.#options.hasArrived(id);
    if (this.queued.some(isFound)) this.#change((queue) => queue.filter((item) => !isFound(item)));
    const next = this.queued.find(({ isHeld }) => !isHeld);
    if (!next || !isReady || !this.#isSender || this.failure || this.#isSending) return;
    this.#isSending = true;
    void this.#sendNext(next).finally(() => {
      this.#isSending = false;
      this.#options.onChange();
    });
  }

  async #sendNext(next: QueuedMessage): Promise<void> {
    try {
      if (!this.#options.hasArrived(next.id)) await this.#options.send(next);
      this.remove(next.id);
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
    }
  }

  #change(edit: (queue: QueuedMessage[]) => QueuedMessage[]): void {
    // Another tab may have changed the stored queue meanwhile.
    const stored = this.#isStored ? this.#read() : undefined;
    this.queued = edit(stored ?? this.queued);
    this.#isStored = this.#write();
    this.failure = undefined;
    this.#options.onChange();
  }

  #refresh(): void {
    this.queued = (this.#isStored ? this.#read() : undefined) ?? this.queued;
    this.#options.onChange();
  }

  /** Undefined if the browser's storage can't be read. */
  #read(): QueuedMessage[] | undefined {
    const { browser, storageKey } = this.#options;
    if (storageKey === undefined) return undefined;
    try {
      const value: unknown = JSON.parse(browser.readStored(storageKey) ?? "[]");
      return Array.isArray(value) ? value.filter(isQueued) : [];
    } catch {
      return undefined;
    }
  }

  /** False if the browser's storage is full or forbidden. */
  #write(): boolean {
    const { browser, storageKey } = this.#options;
    if (storageKey === undefined) return false;
    try {
      browser.writeStored(storageKey, this.queued.length === 0 ? null : JSON.stringify(this.queued));
      return true;
    } catch {
      return false;
    }
  }
}

function isQueued(value: unknown): value is QueuedMessage {
  if (typeof value !== "object" || value === null) return false;
  const { id, text, files } = value as Partial<QueuedMessage>;
  return typeof id === "string" && typeof text === "string" && Array.isArray(files);
}
