import { generateId, type UIMessage } from "ai";
import { KnownError } from "../shared/known-error";
import type { ChatCore } from "./core";
import { injectedIds } from "./injected-messages";
import type { OutgoingMessage } from "./types";

/** Messages that are being added to the running answer. */
export class Steering<M extends UIMessage> {
  readonly #core: ChatCore<M>;
  #sent: M[] = [];
  /** Sent messages that the answer may or may not take up. */
  #undecided: M[] = [];
  /** The newest input record of this page. */
  #lastInput = -1;

  constructor(core: ChatCore<M>) {
    this.#core = core;
  }

  /** Adds a message to the answer. Rejects with a sentence for the reader if the answer can't be reached. */
  async steer({ text, files }: OutgoingMessage): Promise<void> {
    if (files.length > 0)
      throw new KnownError("Files can't be added to a running answer. Queue the message instead.");
    const { chatId, options, own, transport } = this.#core;
    // The id tells the agent to add it to the running answer.
    const message = {
      id: options.steeringId(generateId()),
      role: "user",
      parts: [{ type: "text", text }],
    } as UIMessage as M;
    own.add(message.id);
    this.#lastInput = Math.max(this.#lastInput, transport.getSession(chatId)?.activeInputSeq ?? -1);
    if (!(await transport.sendPendingMessage(chatId, message)))
      throw new KnownError("The answer could not be reached. Try again, or queue the message.");
    this.#undecided.push(message);
    this.#sent = [...this.#sent, message];
    this.#core.announce();
  }

  /** Sent messages that the answer has not taken up yet. */
  get waiting(): M[] {
    const { messages } = this.#core;
    const injected = injectedIds(messages);
    const isTaken = ({ id }: M) => injected.has(id) || messages.some((message) => message.id === id);
    // A message that was taken up once is done, also when the reader moves to a branch without it.
    if (this.#sent.some(isTaken)) this.#sent = this.#sent.filter((message) => !isTaken(message));
    return this.#sent;
  }

  /** Whether the answer may still take a message up. */
  get isUndecided(): boolean {
    return this.#undecided.length > 0;
  }

  /** Called when the answer has ended: returns the first message that it did not take up, which is now a question. */
  takeLate(shown: M[]): M | undefined {
    const taken = injectedIds(shown);
    for (let next = this.#undecided.shift(); next; next = this.#undecided.shift()) {
      const { id } = next;
      if (!taken.has(id) && !shown.some((message) => message.id === id)) return next;
    }
    return undefined;
  }

  /** The input record of that question. */
  nextInput(): number {
    return ++this.#lastInput;
  }
}
