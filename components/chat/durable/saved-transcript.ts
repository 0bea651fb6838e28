import type { UIMessage } from "ai";
import type { ChatCore } from "./core";
import { inputNumber, laterCursor } from "./cursors";
import { untilReached } from "./transport/retrying-fetch";
import type { Transcript } from "./transcript";

/**
 * Which shown messages stay when a fresh transcript doesn't contain them. "unsaved": all that were never saved.
 * "asked-since": this page's first unsaved question and everything after it.
 */
export type Kept = "nothing" | "unsaved" | "asked-since";

/** Pauses between loads, in milliseconds. A turn is saved shortly after its end, later on a busy machine. */
const SAVED_WITHIN = [0, 50, 150, 400, 1_000, 2_000, 4_000, 8_000];

/** Loads and shows transcripts, and points the transport at the end of the shown one. */
export class SavedTranscript<M extends UIMessage> {
  /** The transcript of the newest load. */
  saved: Transcript<M>;
  /** The newest input record that this page knows to be answered. */
  answeredInput: number;
  /** The shown messages may be outdated, because a load failed. */
  isStale = false;
  /** Partial answers of crashed workers, which another worker began again. Hidden unless they are saved. */
  abandoned: ReadonlySet<string> = new Set();
  readonly #core: ChatCore<M>;
  /** Ids of all messages that a load returned. */
  readonly #savedIds: Set<string>;

  constructor(core: ChatCore<M>) {
    this.#core = core;
    this.saved = core.options.transcript;
    this.#savedIds = new Set(this.saved.messages.map(({ id }) => id));
    this.answeredInput = inputNumber(this.saved.cursors?.lastInEventId);
  }

  load(page?: { before?: string; through?: string }): Promise<Transcript<M>> {
    const { chatId, options } = this.#core;
    return untilReached(() => options.loadTranscript(chatId, page));
  }

  /** Loads until the condition is true. Undefined if that takes too long. */
  async loadUntil(isSaved: (fresh: Transcript<M>) => boolean): Promise<Transcript<M> | undefined> {
    for (const delay of SAVED_WITHIN) {
      await new Promise((resolve) => setTimeout(resolve, delay));
      const fresh = await this.load();
      if (isSaved(fresh)) return fresh;
    }
    return undefined;
  }

  /** Shows a transcript. Older pages that are already loaded stay. */
  show(fresh: Transcript<M>, kept: Kept = "nothing"): void {
    const shown = this.#core.messages;
    const first = shown.findIndex(({ id }) => id === fresh.messages[0]?.id);
    const earlier = shown.slice(0, Math.max(0, first)).filter(({ id }) => this.#savedIds.has(id));
    const newer = this.#newer(shown, fresh, kept);
    const { versions, nextCursor } = this.saved;
    this.isStale = false;
    this.saved = {
      ...fresh,
      ...(earlier.length > 0 && { nextCursor }),
      versions: { ...without(versions, fresh.messages), ...fresh.versions },
    };
    const isSaved = (id: string) => fresh.messages.some((message) => message.id === id);
    if ([...this.abandoned].some(isSaved))
      this.abandoned = new Set([...this.abandoned].filter((id) => !isSaved(id)));
    this.noteAnswered(fresh.cursors?.lastInEventId);
    this.#core.setMessages([...earlier, ...fresh.messages, ...newer]);
    // Whether the last turn failed is what is saved, not what the stream seemed to say.
    this.#core.dispatch({ type: "saved", status: fresh.status });
    if (fresh.status === "idle") this.#core.chat.clearError();
  }

  /** Loads and shows the page before the oldest message. */
  async showOlder(): Promise<void> {
    const before = this.saved.nextCursor;
    if (before === undefined) return;
    const older = await this.load({ before });
    const ids = new Set(older.messages.map(({ id }) => id));
    for (const id of ids) this.#savedIds.add(id);
    this.saved = {
      ...this.saved,
      nextCursor: older.nextCursor,
      versions: { ...older.versions, ...this.saved.versions },
    };
    this.#core.setMessages([...older.messages, ...this.#core.messages.filter(({ id }) => !ids.has(id))]);
  }

  abandon(messageId: string): void {
    this.abandoned = new Set(this.abandoned).add(messageId);
    this.#core.announce();
  }

  noteAnswered(seq: string | undefined): void {
    this.answeredInput = Math.max(this.answeredInput, inputNumber(seq));
  }

  /**
   * Makes the next resume begin after the transcript. `waitingSeq` is the input record of a pending question that is
   * not in the transcript: its answer is waited for.
   */
  pointTransportAt(
    { cursors = {}, status }: Transcript<M>,
    { token = this.#token(), waitingSeq }: { token?: string; waitingSeq?: number | undefined } = {},
  ): void {
    const { lastOutEventId, lastInEventId } = cursors;
    const awaited = status === "running" ? inputNumber(lastInEventId) + 1 : waitingSeq;
    this.#core.transport.setSession(this.#core.chatId, {
      publicAccessToken: token,
      ...(lastOutEventId === undefined ? {} : { lastEventId: lastOutEventId }),
      ...(awaited === undefined ? {} : { activeInputSeq: awaited, isStreaming: true }),
    });
  }

  /** The page's position in the output stream. Undefined while the chat has no session. */
  position(): { publicAccessToken: string; lastEventId: string | undefined } | undefined {
    const session = this.#core.transport.getSession(this.#core.chatId);
    if (!session) return undefined;
    const lastEventId = laterCursor(session.lastEventId, this.saved.cursors?.lastOutEventId);
    return { publicAccessToken: session.publicAccessToken, lastEventId };
  }

  #token(): string {
    return this.#core.transport.getSession(this.#core.chatId)?.publicAccessToken ?? "";
  }

  #newer(shown: M[], fresh: Transcript<M>, kept: Kept): M[] {
    for (const { id } of fresh.messages) this.#savedIds.add(id);
    if (kept === "nothing") return [];
    const isUnsaved = ({ id }: M) => !this.#savedIds.has(id);
    if (kept === "unsaved") return shown.filter(isUnsaved);
    const since = shown.findIndex((message) => this.#core.own.has(message.id) && isUnsaved(message));
    return since === -1 ? [] : shown.slice(since).filter(isUnsaved);
  }
}

/** Whether no answer of the shown branch is running. */
export function isOver({ status }: Pick<Transcript<UIMessage>, "status">): boolean {
  return status !== "running";
}

function without(versions: Transcript<UIMessage>["versions"] = {}, messages: UIMessage[]) {
  const fresh = new Set(messages.map(({ id }) => id));
  return Object.fromEntries(Object.entries(versions).filter(([id]) => !fresh.has(id)));
}
