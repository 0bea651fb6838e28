import { generateId, type UIMessage } from "ai";
import type { ChatCore } from "../core";
import type { BranchMoves } from "./branch-moves";
import type { Sending } from "../sending";
import type { SavedTranscript } from "../saved-transcript";
import type { Transcript } from "../transcript";
import { type AskedAgain, messageAfter, messagesBefore, type Version, versionAmong } from "./versions";

/** The versions of a chat's messages as a page shows them, with their operations. */
export type BranchesView = {
  /** Undefined while a message has no alternatives. The function keeps its identity while nothing changes. */
  versionOf: (messageId: string) => Version | undefined;
  canUndo: boolean;
  canRedo: boolean;
  /** The page previews another branch while an answer is running on the shown one. */
  isReadOnly: boolean;
  /** The version that the last edit or regenerate replaced, until the next branch operation. */
  earlier: { messageId: string; version: Version } | undefined;
  /** Asks an edited question. If it is refused, shows the old version again and rejects. */
  edit: (messageId: string, text: string) => Promise<void>;
  /** Asks for another answer and keeps the old one as a version. */
  regenerate: (messageId: string) => Promise<void>;
  /** Shows the branch of that node, down to the message last seen there. */
  switchTo: (nodeId: string) => Promise<void>;
  undo: () => Promise<void>;
  redo: () => Promise<void>;
  /** Ends the shown branch at this message. Later messages stay as another branch. */
  continueFrom: (messageId: string) => Promise<void>;
};

export type BranchesOptions<M extends UIMessage> = {
  core: ChatCore<M>;
  transcript: SavedTranscript<M>;
  moves: BranchMoves<M>;
  /** A function, because sending needs the branch moves as well. */
  sending: () => Sending<M>;
  /** An answer is on its way, for any page. */
  isAnswering: () => boolean;
  /** The shown messages, without a preview. */
  shown: () => M[];
};

type Visit<M extends UIMessage> = { nodeId: string; transcript: Transcript<M> };
type Series = { wanted: string | undefined; sent: string | undefined; done: Promise<void> };

/** The versions of this chat's messages: which are shown, and how the reader gets to the others. */
export class Branches<M extends UIMessage> {
  readonly #core: ChatCore<M>;
  readonly #options: BranchesOptions<M>;
  /** The previewed branch, while an answer is running on the shown one. */
  #visit: Visit<M> | undefined;
  #askedAgain: AskedAgain | undefined;
  /** The series of switches under way: the next target, and the target of the last call. */
  #series: Series | undefined;
  #lastPressed: string | undefined;
  #versionOf: { of: unknown[]; call: BranchesView["versionOf"] } | undefined;

  constructor(options: BranchesOptions<M>) {
    this.#options = options;
    this.#core = options.core;
  }

  /** The messages of the previewed branch. */
  get preview(): M[] | undefined {
    return this.#visit?.transcript.messages;
  }

  /** Called after every change. A preview becomes a move as soon as no answer is running. */
  update(): void {
    if (this.#visit && !this.#options.isAnswering()) this.#moveTo(this.#visit.nodeId).catch(() => {});
  }

  /** Sends the last switch if the page is closed before its turn came. */
  onLeave(): void {
    const nodeId = this.#series?.wanted;
    const { chatId, options } = this.#core;
    if (nodeId !== undefined) void options.moveBranch(chatId, { type: "switch", nodeId }).catch(() => {});
  }

  view(): BranchesView {
    const list = this.#list;
    const isAnswering = this.#options.isAnswering();
    return {
      versionOf: this.#versions(),
      canUndo: list.length > 0 && !isAnswering,
      canRedo: this.#known.canRedo === true && !isAnswering,
      isReadOnly: this.#visit !== undefined && isAnswering,
      earlier: this.#earlier(),
      edit: this.edit,
      regenerate: this.regenerate,
      switchTo: this.switchTo,
      undo: this.undo,
      redo: this.redo,
      continueFrom: this.continueFrom,
    };
  }

  edit = (messageId: string, text: string): Promise<void> => {
    const newId = generateId();
    const list = this.#list;
    const original = list.find(({ id }) => id === messageId);
    const files = original?.parts.filter((part) => part.type === "file") ?? [];
    const parts = [...files, { type: "text", text }];
    const question = { ...original, id: newId, role: "user", parts } as M;
    const prefix = messagesBefore(messageId, list);
    const asked = { after: prefix.at(-1)?.id ?? null, ids: this.#versionsOf(messageId) };
    const action = { type: "edit", nodeId: this.#nodeOf(messageId), newId, text };
    return this.#askAgain(action, [...prefix, question], asked, newId);
  };

  regenerate = (messageId: string): Promise<void> => {
    const list = this.#list;
    const isQuestion = list.find(({ id }) => id === messageId)?.role === "user";
    const prefix = messagesBefore(messageId, list);
    const shown = isQuestion ? [...prefix, ...list.filter(({ id }) => id === messageId)] : prefix;
    const ids = isQuestion ? [] : this.#versionsOf(messageId);
    const action = { type: "regenerate", nodeId: this.#nodeOf(messageId) };
    return this.#askAgain(action, shown, { after: shown.at(-1)?.id ?? null, ids });
  };

  /**
   * Answers the last question again. Stops a running answer first. A question that was never saved is sent again.
   */
  retry = async (): Promise<void> => {
    const { core, transcript } = this.#options;
    const sending = this.#options.sending();
    if (this.#options.isAnswering()) await sending.stop();
    const question = core.messages.findLast(({ role }) => role === "user");
    if (!question) return;
    // The question may still be on its way, followed by a stop.
    await core.deliveries.allEnded();
    const { messages } = await transcript.load();
    if (messages.some(({ id }) => id === question.id)) return this.regenerate(question.id);
    // It did not arrive, and is held in the queue or back in the composer.
    if (!core.has(question.id)) return;
    const files = question.parts.filter((part) => part.type === "file");
    const text = question.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
    core.chat.clearError();
    core.setMessages(messagesBefore(question.id, core.messages));
    await sending.deliver({ text, files }, question.id);
  };

  switchTo = async (nodeId: string): Promise<void> => {
    this.#askedAgain = undefined;
    this.#lastPressed = nodeId;
    if (!this.#options.isAnswering()) {
      this.#setVisit(undefined);
      return this.#moveTo(nodeId);
    }
    const transcript = await this.#options.transcript.load({ through: nodeId });
    if (this.#lastPressed === nodeId && transcript.messages.length > 0)
      this.#setVisit({ nodeId, transcript });
  };

  undo = async (): Promise<void> => {
    const list = this.#list;
    const last = list.at(-1);
    if (!last) return;
    this.#askedAgain = undefined;
    const headId = this.#nodeOf(last.id);
    const question = list.findLastIndex(({ role }) => role === "user");
    this.#core.setMessages(list.slice(0, Math.max(0, question)));
    await this.#options.moves.move({ type: "undo", headId });
  };

  redo = async (): Promise<void> => {
    const last = this.#list.at(-1);
    this.#askedAgain = undefined;
    await this.#options.moves.move({ type: "redo", headId: last ? this.#nodeOf(last.id) : null });
  };

  continueFrom = async (messageId: string): Promise<void> => {
    this.#askedAgain = undefined;
    const nodeId = this.#nodeOf(messageId);
    if (this.#options.isAnswering()) await this.#options.sending().stop();
    const list = this.#list;
    const shown = [...messagesBefore(messageId, list), ...list.filter(({ id }) => id === messageId)];
    this.#core.setMessages(shown);
    await this.#options.moves.move({ type: "continue-from", nodeId });
  };

  /** Of several switches in a row only the last counts. Those in between are not sent. */
  #moveTo(nodeId: string): Promise<void> {
    const series = this.#series;
    if (series && nodeId === (series.wanted ?? series.sent)) return series.done;
    if (series) {
      series.wanted = nodeId;
      return series.done;
    }
    const begun: Series = { wanted: nodeId, sent: undefined, done: Promise.resolve() };
    this.#series = begun;
    begun.done = this.#moveWhileWanted(begun);
    return begun.done;
  }

  async #moveWhileWanted(series: Series): Promise<void> {
    try {
      while (series.wanted !== undefined) {
        series.sent = series.wanted;
        const { sent } = series;
        const moved = this.#options.moves.move({ type: "switch", nodeId: sent });
        // A press during the call sets the next target.
        series.wanted = undefined;
        await moved.catch((error: unknown) => {
          if (series.wanted === undefined) throw error;
        });
      }
    } finally {
      this.#series = undefined;
      if (this.#visit?.nodeId === series.sent) this.#setVisit(undefined);
    }
  }

  async #askAgain(
    action: Record<string, unknown>,
    shown: M[],
    asked: AskedAgain,
    newId?: string,
  ): Promise<void> {
    const { moves, sending, transcript } = this.#options;
    const before = this.#list;
    if (this.#options.isAnswering()) await sending().stop();
    this.#visit = undefined;
    this.#askedAgain = asked;
    this.#core.setMessages(shown);
    try {
      await moves.inOrder(() => sending().act({ ...action, actionId: generateId() }, newId));
    } catch (error) {
      this.#askedAgain = undefined;
      // The transcript could not be loaded, so the messages from before are shown.
      if (transcript.isStale) this.#core.setMessages(before);
      throw error;
    }
  }

  get #list(): M[] {
    return this.preview ?? this.#options.shown();
  }

  get #known(): Transcript<M> {
    return this.#visit?.transcript ?? this.#options.transcript.saved;
  }

  #nodeOf(messageId: string): string {
    return this.#known.versions?.[messageId]?.nodeId ?? messageId;
  }

  #versionsOf(messageId: string): string[] {
    return this.#known.versions?.[messageId]?.ids ?? [this.#nodeOf(messageId)];
  }

  #setVisit(visit: Visit<M> | undefined): void {
    this.#visit = visit;
    this.#core.announce();
  }

  /** Keeps its identity while nothing changes, so that a chunk doesn't draw every message again. */
  #versions(): BranchesView["versionOf"] {
    const { versions } = this.#known;
    const asked = this.#askedAgain;
    const askedId = this.#visit ? undefined : messageAfter(asked?.after, this.#options.shown())?.id;
    const of = [versions, asked, askedId];
    if (this.#versionOf && of.every((value, index) => value === this.#versionOf?.of[index]))
      return this.#versionOf.call;
    const call = (messageId: string) => {
      const saved = versions?.[messageId];
      if (saved !== undefined || asked === undefined || messageId !== askedId) return versionAmong(saved);
      // Only this page knows of the newest version until it is saved.
      return versionAmong({ nodeId: messageId, ids: [...asked.ids, messageId] });
    };
    this.#versionOf = { of, call };
    return call;
  }

  #earlier(): BranchesView["earlier"] {
    const messageId = messageAfter(this.#askedAgain?.after, this.#list)?.id;
    const version = messageId === undefined ? undefined : this.#versions()(messageId);
    return messageId !== undefined && version?.previousId !== undefined ? { messageId, version } : undefined;
  }
}
