import type { UIMessage } from "ai";
import type { ChatCore } from "../core";
import type { Following } from "../following";
import { KeyedTask } from "../../shared/keyed-task";
import { isAtRest } from "../phase";
import { type News, StreamTail } from "./stream-tail";
import { Tabs } from "./tabs";
import { isOver, type SavedTranscript } from "../saved-transcript";
import type { RemoteWriter } from "../types";

type Waiting<M> = { question: M; from: string };
type CatchUp = { done: Promise<void>; started: Promise<void>; start: () => void };

const THIS_PAGE = "";
/** The pause after an attempt that failed or found nothing. Each further one doubles it. */
const PAUSE_MS = 3_000;
const MOST_DOUBLINGS = 5;

/**
 * Other pages of the same chat. When the stream has something that this page did not ask for, the page does what a
 * reload would do: a saved transcript plus the stream from its cursor show each message once.
 */
export class RemoteWriters<M extends UIMessage> {
  readonly #core: ChatCore<M>;
  readonly #transcript: SavedTranscript<M>;
  readonly #following: Following<M>;
  readonly #tabs: Tabs<M>;
  readonly #tail: StreamTail<M>;
  readonly #pause: KeyedTask;
  /** Ids of messages seen here. An answer to one of them does not come from another device. */
  readonly #known: Set<string>;
  /** Questions that were sent and are not in a loaded transcript yet. */
  #behind: Waiting<M>[] = [];
  #isDeviceWriting = false;
  #failedAttempts = 0;
  #isPaused = false;
  #catchingUp: CatchUp | undefined;

  constructor(core: ChatCore<M>, transcript: SavedTranscript<M>, following: Following<M>) {
    this.#core = core;
    this.#transcript = transcript;
    this.#following = following;
    this.#known = new Set(core.messages.map(({ id }) => id));
    this.#tabs = new Tabs<M>({
      chatId: core.chatId,
      browser: core.browser,
      onChange: core.announce,
      onAsked: (question, from) => this.#onAsked(question, from),
      onWithdrawn: (id) => this.#setBehind(this.#behind.filter(({ question }) => question.id !== id)),
      onMoved: () => this.reload(),
      onRested: (from) => this.#onRested(from),
    });
    this.#tail = new StreamTail(core, {
      position: () => transcript.position(),
      onNews: (news) => this.#onNews(news),
    });
    this.#pause = new KeyedTask(() => {
      const doublings = Math.min(this.#failedAttempts - 1, MOST_DOUBLINGS);
      const timer = setTimeout(
        () => {
          this.#isPaused = false;
          core.announce();
        },
        PAUSE_MS * 2 ** doublings,
      );
      return () => clearTimeout(timer);
    });
  }

  /** Where the running answer was asked for, unless it was here. */
  get writer(): RemoteWriter | undefined {
    if (this.#tabs.writer !== undefined) return "tab";
    return this.#isDeviceWriting ? "device" : undefined;
  }

  /** Questions from this or another tab that will be answered after the shown ones. */
  get waiting(): M[] {
    return this.#behind.flatMap(({ question }) => (this.#core.has(question.id) ? [] : [question]));
  }

  open(): void {
    this.#tabs.open();
  }

  close(): void {
    this.#tabs.close();
    this.#tail.setKey(undefined);
    this.#pause.setKey(undefined);
  }

  /** Called after every change. */
  update(isAnswering: boolean): void {
    const { active } = this.#core.state;
    this.#forgetAnswered();
    const isExpectingOwn = this.#behind.some(({ from }) => from === THIS_PAGE);
    this.#tabs.update(isAnswering || active.delivering > 0 || isExpectingOwn);
    this.#pause.setKey(this.#isPaused ? this.#failedAttempts : undefined);
    // The last load failed, or found an answer that was still running.
    const isBehind = this.#transcript.isStale || !isOver(this.#transcript.saved);
    if (isBehind && this.#isListening()) void this.catchUp();
    this.#tail.setKey(this.#isListening() ? this.#core.followsBegun : undefined);
  }

  /** Announces that this page asks something, so that its answer isn't taken for another writer's. */
  ask(question?: M): void {
    if (question) this.#known.add(question.id);
    this.#tabs.ask(question);
  }

  withdraw(questionId: string): void {
    this.#tabs.withdraw(questionId);
  }

  takeOver(): void {
    this.#isDeviceWriting = false;
    this.#tabs.takeOver();
    this.#core.announce();
  }

  /** Tells the other tabs that another branch is shown. */
  tellMoved(): void {
    this.#tabs.tellMoved();
  }

  /** Notes a message of this page without telling other pages. */
  know(messageId: string): void {
    this.#known.add(messageId);
  }

  /** Notes a question of this page that will be answered after another page's. */
  expect(question: M): void {
    this.#setBehind([...this.#behind, { question, from: THIS_PAGE }]);
  }

  /** The first chunk of an answer arrived. `resumed` is false for the answer to a message just sent here. */
  onStart(messageId: string, resumed: boolean): void {
    this.#catchingUp?.start();
    if (!resumed) void this.#yield(messageId).catch(() => {});
  }

  /** Whether the page is following another writer's answer. Waits until that is known. */
  async isCatchingUp(): Promise<boolean> {
    const current = this.#catchingUp;
    if (!current) return false;
    await Promise.race([current.done, current.started]);
    return this.#catchingUp === current;
  }

  /** Loads and shows the transcript and follows the running answer. Never rejects; on failure the view stays. */
  catchUp(): Promise<void> {
    if (this.#catchingUp) return this.#catchingUp.done;
    let start = () => {};
    const started = new Promise<void>((resolve) => (start = resolve));
    const done = this.#catchUpOnce().then(
      (hasNews) => this.#endCatchUp(hasNews),
      () => this.#endCatchUp(false),
    );
    this.#catchingUp = { done, started, start };
    return done;
  }

  /** Loads the transcript after a branch move, which leaves nothing on the stream. Skipped while the page is busy. */
  reload(): void {
    void this.#reloadAtRest().catch(() => {});
  }

  async #reloadAtRest(): Promise<void> {
    const core = this.#core;
    await core.until(() => isAtRest(core.state));
    const { followsBegun } = core;
    const fresh = await this.#transcript.load();
    const isBusy = !isAtRest(core.state) || followsBegun !== core.followsBegun;
    if (isBusy || !isOver(fresh) || fresh.messages.at(-1)?.id === core.messages.at(-1)?.id) return;
    for (const { id } of fresh.messages) this.#known.add(id);
    this.#transcript.show(fresh, "unsaved");
  }

  /** Returns whether the stream had anything new. */
  async #catchUpOnce(): Promise<boolean> {
    const core = this.#core;
    const before = this.#transcript.position()?.lastEventId;
    core.dispatch({ type: "settle" });
    try {
      const fresh = await this.#transcript.load();
      const question = fresh.messages.findLast(({ role }) => role === "user");
      const isNews = question !== undefined && !this.#known.has(question.id);
      for (const { id } of fresh.messages) this.#known.add(id);
      const isShown = (id: string) => fresh.messages.some((message) => message.id === id);
      this.#setBehind(this.#behind.filter((item) => !isShown(item.question.id)));
      this.#transcript.show(fresh);
      this.#isDeviceWriting = isNews && fresh.status === "running";
      this.#transcript.pointTransportAt(fresh);
      await this.#following.resume({ isQuiet: fresh.status !== "running" });
      this.#isDeviceWriting = false;
      await this.#following.settle("stream");
    } finally {
      core.dispatch({ type: "settled" });
    }
    return this.#transcript.position()?.lastEventId !== before;
  }

  #endCatchUp(hasNews: boolean): void {
    this.#failedAttempts = hasNews ? 0 : this.#failedAttempts + 1;
    this.#isPaused = this.#failedAttempts > 0;
    this.#isDeviceWriting = false;
    this.#catchingUp = undefined;
    this.#core.announce();
  }

  /**
   * The first answer after a send may answer another page's question that arrived earlier. This page then follows the
   * engine's order and shows its own question last.
   */
  async #yield(answerId: string): Promise<void> {
    const { chat, chatId, lastAsked, transport } = this.#core;
    const input = transport.getSession(chatId)?.activeInputSeq ?? 0;
    if (input <= this.#transcript.answeredInput + 1) return;
    const fresh = await this.#transcript.load();
    const question = fresh.messages.findLast(({ role }) => role === "user")?.id;
    // A regenerated answer has no new question, but this page knows the old one.
    const isOurs =
      lastAsked === undefined ? question !== undefined && this.#known.has(question) : question === lastAsked;
    if (isOurs && fresh.messages.every(({ id }) => id !== answerId)) return;
    const mine = this.#core.messages.find(({ id }) => id === lastAsked);
    // One activity, so that the page isn't idle between the stop and the catching up.
    await this.#core.during({ type: "settle" }, { type: "settled" }, async () => {
      if (mine) this.expect(mine);
      this.#following.dropRest();
      await chat.stop();
      await this.catchUp();
    });
  }

  #isListening(): boolean {
    const { isClosed, isOnline, state } = this.#core;
    return isAtRest(state) && isOnline && !isClosed && !this.#isPaused && this.#catchingUp === undefined;
  }

  /** Returns whether the news is handled. */
  #onNews(news: News): boolean {
    if (this.#isOwnEnd(news)) return false;
    if (isAtRest(this.#core.state)) void this.catchUp();
    return true;
  }

  /** Chunks after a stop belong to the stopped answer; they are not another writer's. */
  #isOwnEnd(news: News): boolean {
    if (!this.#following.isStopUnheard) return false;
    if (news.type === "first-chunk") return true;
    this.#following.isStopUnheard = false;
    this.#transcript.noteAnswered(news.sessionInEventId);
    void this.#following.settle("stream").catch(() => {});
    return true;
  }

  #onAsked(question: M, from: string): void {
    // Its answer is another tab's, not another device's.
    this.#known.add(question.id);
    const others = this.#behind.filter((other) => other.question.id !== question.id);
    this.#setBehind([...others, { question, from }]);
  }

  #onRested(from: string): void {
    // Its questions are answered or refused. Answered ones arrive over the stream.
    const forget = () => this.#setBehind(this.#behind.filter((other) => other.from !== from));
    void (this.#catchingUp?.done ?? Promise.resolve()).then(forget);
  }

  /** Drops questions that are shown and answered. */
  #forgetAnswered(): void {
    if (!isAtRest(this.#core.state) || !isOver(this.#transcript.saved)) return;
    const isShown = ({ question }: Waiting<M>) => this.#core.has(question.id);
    if (this.#behind.some(isShown)) this.#setBehind(this.#behind.filter((item) => !isShown(item)));
  }

  #setBehind(behind: Waiting<M>[]): void {
    this.#behind = behind;
    this.#core.announce();
  }
}
