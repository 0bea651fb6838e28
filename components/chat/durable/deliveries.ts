import type { ChatTransportEvent } from "@trigger.dev/sdk/chat";

type Delivery = { resolve(): void; reject(error: Error): void };

/**
 * Messages on their way to the engine. Each is settled by its own id and by nothing else: that a stream broke off says
 * nothing about them.
 */
export class Deliveries {
  readonly #underWay = new Map<string, Delivery>();
  #settled: Promise<unknown> = Promise.resolve();

  get size(): number {
    return this.#underWay.size;
  }

  /** Resolves when the engine has the message for good, rejects when it never got it. */
  async expect(id: string): Promise<void> {
    const delivered = new Promise<void>((resolve, reject) => this.#underWay.set(id, { resolve, reject }));
    this.#settled = Promise.allSettled([this.#settled, delivered]);
    try {
      await delivered;
    } finally {
      this.#underWay.delete(id);
    }
  }

  /** Hears what the transport says. */
  onEvent(event: ChatTransportEvent): void {
    if (event.type === "message-sent" && event.messageId) this.#underWay.get(event.messageId)?.resolve();
    if (event.type === "message-send-failed" && event.messageId) this.fail(event.messageId, event.error);
  }

  /** It did not get as far as the transport's own word, for example because no session could be made. */
  fail(id: string, error: Error): void {
    this.#underWay.get(id)?.reject(error);
  }

  /** Resolves when all that are under way now have arrived or failed. */
  async allSettled(): Promise<void> {
    await this.#settled;
  }
}
