import type { UIMessage } from "ai";
import { KnownError } from "../../shared/known-error";
import type { ChatCore } from "../core";
import type { Following } from "../following";
import type { RemoteWriters } from "../pages/remote-writers";
import { isExpecting } from "../phase";
import { isOver, type SavedTranscript } from "../saved-transcript";
import type { Transcript } from "../transcript";
import { untilReached } from "../transport/retrying-fetch";
import type { BranchMove } from "../types";

/** How long a move waits for the end of a stopped answer, in milliseconds. After that, the server decides. */
const STOP_IS_HEARD_WITHIN_MS = 10_000;

/** Makes moves in the tree of versions. Each is one call of the server, which returns the new transcript. */
export class BranchMoves<M extends UIMessage> {
  readonly #core: ChatCore<M>;
  readonly #transcript: SavedTranscript<M>;
  readonly #following: Following<M>;
  readonly #remote: RemoteWriters<M>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    core: ChatCore<M>,
    transcript: SavedTranscript<M>,
    following: Following<M>,
    remote: RemoteWriters<M>,
  ) {
    this.#core = core;
    this.#transcript = transcript;
    this.#following = following;
    this.#remote = remote;
  }

  /** Resolves when no move is under way. */
  ended(): Promise<unknown> {
    return this.#last;
  }

  /** Runs functions one at a time, in the order of the calls. */
  inOrder(run: () => Promise<void>): Promise<void> {
    const running = this.#last.then(run);
    this.#last = running.catch(() => {});
    return running;
  }

  /**
   * Moves on the server and shows the returned transcript. The page and the server refuse while an answer is running;
   * then it rejects with a sentence for the reader and shows the saved transcript.
   */
  move(move: BranchMove): Promise<void> {
    const core = this.#core;
    // A message that is sent from now on waits for the move.
    const isAsked = core.state.active.delivering > 0;
    return this.inOrder(async () => {
      await this.#untilMovable();
      try {
        if (isAsked || isExpecting(core.state)) throw isBeingWritten();
        await core.during({ type: "settle" }, { type: "settled" }, () => this.#moveNow(move));
      } catch (error) {
        // Undoes the optimistic change, now or as soon as the transcript can be loaded.
        await this.#following.settle("branch").catch(() => {});
        throw error;
      }
    });
  }

  async #moveNow(move: BranchMove): Promise<void> {
    const { chat, chatId, options } = this.#core;
    const moveOnce = () => untilReached(() => options.moveBranch(chatId, move));
    const fresh = await moveOnce().catch((refusal) => this.#moveOnceSaved(moveOnce, refusal));
    this.#transcript.show(fresh);
    // The last outcome belongs to the branch that was left.
    this.#core.dispatch({ type: "outcome", outcome: undefined });
    chat.clearError();
    this.#remote.tellMoved();
  }

  /** An answer is saved shortly after its last chunk, and the server refuses until then: waits and tries once more. */
  async #moveOnceSaved(move: () => Promise<Transcript<M>>, refusal: unknown): Promise<Transcript<M>> {
    if (isOver(await this.#transcript.load())) throw refusal;
    if (!(await this.#transcript.loadUntil(isOver))) throw refusal;
    return move();
  }

  /** Waits for activities that end in a moment, but not for a running answer. */
  async #untilMovable(): Promise<void> {
    const core = this.#core;
    await core.connected;
    await core.until(() => !this.#following.isStopUnheard, STOP_IS_HEARD_WITHIN_MS);
    await core.until(() => {
      const { connecting, following, settling, stopping } = core.state.active;
      return connecting + settling + stopping === 0 && (following === 0 || isExpecting(core.state));
    });
  }
}

/** The server refuses with the same sentence. */
function isBeingWritten(): KnownError {
  return new KnownError("An answer is being written here. Wait until it's finished, or stop it first.");
}
