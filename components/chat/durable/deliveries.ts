import type { ChatTransportEvent } from "@trigger.dev/sdk/chat";

type Delivery = { resolve(): void; reject(error: Error): void };

/**
 * Messages on their way to the engine. Only the transport's `message-sent` and `message-send-failed` events end a
 * delivery, by message id. A broken stream says nothing about it.
 */
export class Deliveries {
  readonly #underWay = new Map<string, Delivery>();
  #ended: Promise<boolean> = Promise.resolve(true);

  has(id: string): boolean {
    return this.#underWay.has(id);
  }

  /** Resolves when the engine has stored the message, rejects when it never got it. */
  async expect(id: string): Promise<void> {
    const delivered = new Promise<void>((resolve, reject) => this.#underWay.set(id, { resolve, reject }));
    const arrived = delivered.then(
      () => true,
      () => false,
    );
    // How earlier, ended deliveries went doesn't matter here.
    const before = this.#underWay.size > 1 ? this.#ended : Promise.resolve(true);
    this.#ended = Promise.all([before, arrived]).then((all) => all.every(Boolean));
    try {
      await delivered;
    } finally {
      this.#underWay.delete(id);
    }
  }

  /** Handles an event of the transport. */
  onEvent(event: ChatTransportEvent): void {
    if (event.type === "message-sent" && event.messageId) this.arrived(event.messageId);
    if (event.type === "message-send-failed" && event.messageId) this.fail(event.messageId, event.error);
  }

  /** The message is stored. */
  arrived(id: string): void {
    this.#underWay.get(id)?.resolve();
  }

  /** Fails a delivery before the transport could, for example because no session could be created. */
  fail(id: string, error: Error): void {
    this.#underWay.get(id)?.reject(error);
  }

  /** Resolves when all current deliveries have ended, with whether all of them arrived. */
  allEnded(): Promise<boolean> {
    return this.#underWay.size > 0 ? this.#ended : Promise.resolve(true);
  }
}
