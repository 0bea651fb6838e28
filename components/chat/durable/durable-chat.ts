import type { FileUIPart, UIMessage } from "ai";
import type { BranchesView } from "./branches/branches";
import type { ChatView } from "./chat-view";
import { connect } from "./connecting";
import type { Surroundings } from "./core";
import { expectTurn } from "./expected-turn";
import { type ChatParts, makeParts } from "./parts";
import type { Phase } from "./phase";
import type { SubAgents } from "./sub-agents/sub-agents";
import type { BranchMove, DurableChatOptions, OutgoingMessage } from "./types";

/**
 * The client of one chat, without a framework. It sends, streams, resumes after a reload, and survives restarts of the
 * worker and the engine. Its phases, which only the reducer in phase.ts changes:
 *
 *      open()        token and pending input are there
 *   idle ────► connecting ────► following ─────────── the stream ends ───────────────► idle
 *    │ ▲                        │   ▲  ▲                     │
 *    │ │ not sent               │   │  └─ restart, steering  │ stopped, cut or read unasked; a move
 *    │ │ (the text comes back)  │   │                        ▼
 *    │ └───────── delivering ───┼───┘ message-sent       settling ── what is saved is shown ──► idle
 *    │ send, queue    ▲         │                            ▲
 *    └────────────────┘         ├── stop() ──► stopping ─────┤ the stop is with the engine
 *    └─ moveBranch, another writer ──────────────────────────┘
 *                               └── error ──► failed ── send, retry, edit, moveBranch, another writer ──► …
 *
 * Activities overlap. The phase names the first one under way of stopping, connecting, delivering, following, settling.
 * Offline is not a phase: every activity continues when the browser is back online.
 */
export class DurableChat<M extends UIMessage> {
  readonly #parts: ChatParts<M>;
  readonly #firstView: ChatView<M>;
  #view: ChatView<M> | undefined;
  #hasConnected = false;
  #isUpdateDue = false;
  #preloaded: Promise<void> | undefined;

  /** Starts nothing: see `open`. Tests pass `surroundings` to replace the browser and the transport. */
  constructor(options: DurableChatOptions<M>, surroundings?: Surroundings) {
    this.#parts = makeParts(options, surroundings);
    this.#firstView = this.#parts.reader.view();
    this.#parts.core.subscribe(() => this.#onChange());
  }

  /** Connects, resumes a running answer and listens for other writers, until the returned function is called. */
  open = (): (() => void) => {
    const { core, transcript, following, remote, queue, reviving, slow, branches } = this.#parts;
    const { browser } = core;
    const setOnline = () => core.setOnline(browser.isOnline());
    core.isOpen = true;
    const ends = [
      browser.onNetworkChange(setOnline),
      browser.onVisibilityChange(() => {
        core.announce();
        // Another device may have moved to another branch meanwhile.
        if (browser.isVisible()) remote.reload();
      }),
      browser.onLeave(() => {
        reviving.onLeave();
        branches.onLeave();
      }),
    ];
    setOnline();
    remote.open();
    queue.open();
    // If this fails, the next send loads it again and reports the failure.
    core.transport.load().catch(() => {});
    if (!this.#hasConnected) core.connected = connect(core, transcript, following);
    this.#hasConnected = true;
    return () => {
      core.isOpen = false;
      for (const end of ends) end();
      remote.close();
      queue.close();
      reviving.stop();
      slow.stop();
      void core.chat.stop();
    };
  };

  /** Replaces the callbacks and `isClosed`. Other options keep their first values. */
  setOptions(options: DurableChatOptions<M>): void {
    const { core } = this.#parts;
    const wasClosed = core.isClosed;
    core.options = options;
    if (wasClosed !== core.isClosed) core.announce();
  }

  /** What the sub-agents of the running answer write. */
  get subAgents(): Pick<SubAgents, "get" | "subscribe"> {
    return this.#parts.core.subAgents;
  }

  get phase(): Phase {
    return this.#parts.core.state.phase;
  }
  get isAnswering(): boolean {
    return this.#parts.reader.isAnswering;
  }

  subscribe = (listener: () => void): (() => void) => this.#parts.core.subscribe(listener);
  /** The same object until something changes. */
  getView = (): ChatView<M> => (this.#view ??= this.#parts.reader.view());
  /** The view for server rendering and hydration. */
  getFirstView = (): ChatView<M> => this.#firstView;

  /**
   * Resolves when the engine has stored the message. Rejects when the engine never got it, and removes it from the
   * view.
   */
  send = (message: string | { text: string; files?: FileUIPart[] }): Promise<void> => {
    const { text, files = [] } = typeof message === "string" ? { text: message } : message;
    return this.#parts.sending.send({ text, files });
  };
  /** Stops the running answer and keeps its text. Rejects with a `KnownError` if the engine can't be reached. */
  stop = (): Promise<void> => this.#parts.sending.stop();
  /** Answers the last question again. Stops a running answer first. */
  retry = (): Promise<void> => this.#parts.branches.retry();
  /** Adds a message to the running answer at its next step. If it comes too late, it becomes the next question. */
  steer = (message: OutgoingMessage): Promise<void> => this.#parts.sending.steer(message);
  /** Sends a queued message before the others: steers the running answer, or asks at once if there is none. */
  sendQueuedNow = async (id: string): Promise<void> => {
    const { queue, sending } = this.#parts;
    const message = queue.queued.find((candidate) => candidate.id === id);
    if (!message) return;
    // Files can't be added to a running answer, so the message becomes the first in the queue.
    if (this.isAnswering && message.files.length > 0) return queue.move(id, 0);
    await (this.isAnswering ? this.steer(message) : sending.deliver(message, id));
    queue.remove(id);
  };
  /** Starts the agent of a new chat before its first message. If this fails, the first message starts it. */
  preload = (): Promise<void> => {
    const { chatId, messages, transport } = this.#parts.core;
    const isNew = messages.length === 0 && transport.getSession(chatId) === undefined;
    return (this.#preloaded ??= isNew ? transport.preload(chatId).catch(() => {}) : Promise.resolve());
  };
  loadOlder = (): Promise<void> => this.#parts.transcript.showOlder();
  /** Moves to another branch. Rejects with a sentence for the reader while an answer is running. */
  moveBranch = (move: BranchMove): Promise<void> => this.#parts.moves.move(move);
  /** Edit, regenerate, switch, undo, redo and the other branch operations. */
  get branches(): BranchesView {
    return this.#parts.branches.view();
  }
  /**
   * Call this before something outside this page makes the agent continue, such as a decision. It resolves with a
   * function that follows the agent's next turn to its end.
   */
  expectTurn = (): Promise<() => Promise<void>> => {
    const { core, transcript, following, remote } = this.#parts;
    return expectTurn(core, transcript, following, remote);
  };
  /** Makes this page the writer; the other tabs become view-only. */
  takeOver = (): void => this.#parts.remote.takeOver();
  /** Whether this page sent that question. */
  isOwn = (messageId: string): boolean => this.#parts.core.own.has(messageId);

  #onChange(): void {
    this.#view = undefined;
    if (this.#isUpdateDue) return;
    this.#isUpdateDue = true;
    // One update for all changes of this task.
    queueMicrotask(() => {
      this.#isUpdateDue = false;
      if (this.#parts.core.isOpen) this.#update();
    });
  }

  /** Lets each part react to the state of the others. */
  #update(): void {
    const { core, reader, remote, reviving, slow, queue, branches } = this.#parts;
    const { isAnswering, answerSoFar } = reader;
    const isWriting = isAnswering && core.state.active.delivering === 0;
    remote.update(isAnswering);
    reviving.update(isAnswering);
    slow.update({
      waiting: isWriting && answerSoFar === undefined,
      writing: isWriting && !slow.isQueued && answerSoFar !== "using-tool" ? core.messages : undefined,
    });
    queue.update(reader.canSendQueued);
    branches.update();
  }
}
