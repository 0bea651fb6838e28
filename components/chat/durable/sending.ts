import { generateId, type UIMessage } from "ai";
import { KnownError } from "../shared/known-error";
import type { ChatCore } from "./core";
import type { Following } from "./following";
import type { RemoteWriters } from "./pages/remote-writers";
import type { Steering } from "./steering";
import type { SavedTranscript } from "./saved-transcript";
import type { OutgoingMessage } from "./types";

export type SendingOptions<M extends UIMessage> = {
  core: ChatCore<M>;
  transcript: SavedTranscript<M>;
  following: Following<M>;
  remote: RemoteWriters<M>;
  steering: Steering<M>;
  /** Resolves when no branch move is under way. */
  moved: () => Promise<unknown>;
  /** An answer is on its way, for any page. */
  isAnswering: () => boolean;
  /** The person stopped a message before it arrived, and it never did. */
  onLost: (message: OutgoingMessage, id: string) => void;
};

/** Sends messages, actions and stops to the agent, in the order in which the person made them. */
export class Sending<M extends UIMessage> {
  readonly #options: SendingOptions<M>;
  readonly #core: ChatCore<M>;
  /** The last message that failed. The same text keeps its id when sent again, in case it did arrive. */
  #unsent: { id: string; content: string } | undefined;
  /** The last stop, which reaches the engine after the question it stops. */
  #lastStop: Promise<void> = Promise.resolve();
  /** Aborted at the next stop. */
  #untilStop = new AbortController();
  /** Why the last request was refused. */
  #refusal: Error | undefined;

  constructor(options: SendingOptions<M>) {
    this.#options = options;
    this.#core = options.core;
  }

  onRefused(error: Error): void {
    this.#refusal = error;
  }

  /**
   * Resolves when the engine has stored the message, or when the person presses Stop before. Rejects when the engine
   * never got it, and removes it from the view.
   */
  async send(message: OutgoingMessage): Promise<void> {
    const content = JSON.stringify([message.text, message.files]);
    const id = this.#unsent?.content === content ? this.#unsent.id : generateId();
    this.#unsent = undefined;
    const stopped = aborted(this.#untilStop.signal);
    const delivered = this.deliver(message, id);
    try {
      const isStopped = await Promise.race([delivered.then(() => false), stopped.then(() => true)]);
      // It is still delivered, followed by the stop. If that fails, the person gets it back.
      if (isStopped) delivered.catch(() => this.#options.onLost(message, id));
    } catch (error) {
      this.#unsent = { id, content };
      throw error;
    }
  }

  /** Delivers a message under an id, also when Stop is pressed meanwhile. An id that has arrived is not sent again. */
  async deliver({ text, files }: OutgoingMessage, id: string): Promise<void> {
    const { remote, transcript } = this.#options;
    const core = this.#core;
    if (core.has(id)) return;
    const hadFailed = core.state.hasError || core.state.outcome === "failed";
    const before = core.deliveries.allEnded();
    const delivered = this.#expect(id);
    const parts = [...files, ...(text ? [{ type: "text", text }] : [])];
    const message = { id, role: "user", parts } as unknown as M;
    core.lastAsked = id;
    core.own.add(id);
    remote.ask(message);
    let followed: Promise<void> | undefined;
    try {
      if (await this.#isToWait(before)) {
        if (!(await core.transport.sendPendingMessage(core.chatId, message))) throw notSent();
        return remote.expect(message);
      }
      // A failed answer shows in the chat; the caller waits only for the delivery.
      followed = this.#follow(() => core.chat.sendMessage(message), hadFailed);
      await delivered;
    } catch (error) {
      core.deliveries.fail(id, notSent());
      // Only then does the chat hold the error, which is cleared below.
      await followed;
      // It arrived after all, and only the reply was lost.
      if (transcript.saved.messages.some((saved) => saved.id === id)) return core.chat.clearError();
      core.setMessages(core.messages.filter((shown) => shown.id !== id));
      core.chat.clearError();
      remote.withdraw(id);
      throw error;
    }
  }

  /**
   * Adds a message to the running answer, or sends it as a question if there is none any more. Rejects with a sentence
   * for the reader if the answer can't be reached.
   */
  async steer(message: OutgoingMessage): Promise<void> {
    // A steering message that overtook its question would become a question itself.
    const isAsked = await this.#core.deliveries.allEnded();
    if (!isAsked || !this.#options.isAnswering()) return this.send(message);
    await this.#options.steering.steer(message);
  }

  /** Ends the shown answer at once. The stop is sent after its question and is kept until a run receives it. */
  async stop(): Promise<void> {
    const core = this.#core;
    const { following } = this.#options;
    core.dispatch({ type: "stop" });
    following.dropRest();
    core.giveUpSending();
    this.#untilStop.abort();
    this.#untilStop = new AbortController();
    const before = [this.#lastStop.catch(() => {}), core.deliveries.allEnded(), core.connected];
    const kept = Promise.all(before).then(() => this.#stopRun());
    this.#lastStop = kept;
    kept.catch(() => {});
    try {
      await core.chat.stop();
      await kept;
    } finally {
      core.dispatch({ type: "stopped" });
    }
  }

  /**
   * Sends an action that asks for an answer (edit, regenerate) and follows the answer. Rejects if the agent refuses it.
   * `newId` is the id of the question that an edit creates.
   */
  async act(action: Record<string, unknown>, newId?: string): Promise<void> {
    const core = this.#core;
    const { following, remote, transcript } = this.#options;
    await core.connected;
    await this.#lastStop.catch(() => {});
    core.dispatch({ type: "outcome", outcome: undefined });
    core.chat.clearError();
    this.#refusal = undefined;
    core.lastAsked = newId;
    if (newId !== undefined) {
      core.own.add(newId);
      remote.know(newId);
    }
    remote.ask();
    const request = () => core.chat.sendMessage(undefined, { body: { action } });
    await following.follow(request, { settle: () => "branch" });
    if (!this.#refusal) return;
    const { status } = await transcript.load();
    // A saved question without an answer is a failed turn. Otherwise the action was refused.
    if (status === "failed") return core.dispatch({ type: "outcome", outcome: "failed" });
    core.chat.clearError();
    throw this.#refusal;
  }

  /** Whether another writer's answer is running, so that the answer to this message comes later. */
  async #isToWait(before: Promise<unknown>): Promise<boolean> {
    const { moved, remote } = this.#options;
    // Without the session's cursor, the stream would repeat shown messages. A message that overtook a branch move would
    // land on the old branch, and one that overtook a stop would be stopped by it.
    const [isToWait] = await Promise.all([
      remote.isCatchingUp(),
      this.#core.connected,
      before,
      moved(),
      this.#lastStop.catch(() => {}),
    ]);
    return isToWait;
  }

  #expect(id: string): Promise<void> {
    this.#core.dispatch({ type: "send" });
    const delivered = this.#core.deliveries.expect(id);
    void delivered.catch(() => {}).then(() => this.#core.dispatch({ type: "delivered" }));
    return delivered;
  }

  #follow(request: () => Promise<void>, hadFailed: boolean): Promise<void> {
    const { following, transcript } = this.#options;
    // The shown text of a failed or stopped answer may differ from the saved one.
    const followsPartial = hadFailed || following.isStopUnheard;
    return following.follow(request, {
      settle() {
        if (followsPartial) return "stream";
        // Checked at the end, because an undo may have been under way when the message was sent.
        return transcript.saved.canRedo ? "turn" : undefined;
      },
    });
  }

  async #stopRun(): Promise<void> {
    const { chatId, transport } = this.#core;
    const { following } = this.#options;
    const session = transport.getSession(chatId);
    // Without a session there is nothing to stop.
    if (!session) return;
    following.isStopUnheard = session.isStreaming === true || session.activeInputSeq !== undefined;
    if (await transport.stopGeneration(chatId)) return;
    following.isStopUnheard = false;
    this.#core.dispatch({ type: "outcome", outcome: undefined });
    throw new KnownError("The answer could not be stopped. Check the connection, then press Stop again.");
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function notSent(): KnownError {
  return new KnownError("The message could not be sent. Check the connection, then try again.");
}
