import "../../shared/random-uuid";
import { retry } from "../../shared/retry";

export type SideChannelOptions = {
  /** The engine's address for the browser. */
  baseURL: string;
  /** The session's id: the chat's. */
  sessionId: string;
  /** The channel's name. */
  name: string;
  /** Mints a token for this channel alone. Called again when the token has expired. */
  mintAccessToken: () => Promise<string>;
};

type Listener<Out> = (record: Out) => void;

/**
 * A named stream pair of a session, beside the conversation (Trigger.dev's side channels). The page reads `.out` from its
 * beginning, again after each reload, and may write to `.in`, which wakes no run.
 */
export class SideChannel<Out, In> {
  readonly #options: SideChannelOptions;
  readonly #listeners = new Set<Listener<Out>>();
  /** All records so far, for listeners that come later. */
  #records: Out[] = [];
  #reading: AbortController | undefined;
  #token: Promise<string> | undefined;

  constructor(options: SideChannelOptions) {
    this.#options = options;
  }

  /** Calls the listener for every record, also the earlier ones. The stream is open while somebody listens. */
  listen(listener: Listener<Out>): () => void {
    this.#listeners.add(listener);
    for (const record of this.#records) listener(record);
    if (!this.#reading) this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#reading?.abort();
      this.#reading = undefined;
      this.#records = [];
    };
  }

  /** Resolves when the record is stored. */
  async send(record: In): Promise<void> {
    const partId = crypto.randomUUID();
    const append = async () => {
      const response = await fetch(`${this.#address()}/in/append`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${await this.#accessToken()}`,
          "content-type": "application/json",
          // Sent again, it is stored once.
          "x-part-id": partId,
        },
        body: JSON.stringify(record),
      });
      if (!response.ok) throw Object.assign(new Error("The channel refused it"), { status: response.status });
    };
    await retry(append, {
      firstDelayMs: 500,
      longestDelayMs: 4_000,
      giveUpAfterMs: 15_000,
      decide: (error) => this.#decide(error),
    });
  }

  #open(): void {
    const reading = new AbortController();
    const { signal } = reading;
    this.#reading = reading;
    // The SDK's subscription reconnects by itself; this covers a script or a token that could not be loaded.
    const forever = { firstDelayMs: 1_000, longestDelayMs: 30_000, signal };
    retry(() => this.#read(signal), { ...forever, decide: (error) => this.#decide(error) }).catch(() => {});
  }

  async #read(signal: AbortSignal): Promise<void> {
    // The chunk that the chat's own transport is in.
    const { SSEStreamSubscription } = await import("@trigger.dev/core/v3");
    this.#records = [];
    const subscription = new SSEStreamSubscription(`${this.#address()}/out`, {
      headers: { authorization: `Bearer ${await this.#accessToken()}` },
      resolveHeaders: async () => ({ authorization: `Bearer ${await this.#freshToken()}` }),
      signal,
    });
    const reader = (await subscription.subscribe()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (signal.aborted) return;
      if (done) throw new TypeError("The stream ended");
      const record = value.chunk as Out;
      this.#records.push(record);
      for (const listener of this.#listeners) listener(record);
    }
  }

  /** A refused token is replaced by the next attempt. */
  #decide(error: unknown) {
    const { status } = error as { status?: number };
    if (status === 401 || status === 403) this.#token = undefined;
    return "again" as const;
  }

  #accessToken(): Promise<string> {
    this.#token ??= this.#options.mintAccessToken().catch((error: unknown) => {
      this.#token = undefined;
      throw error;
    });
    return this.#token;
  }

  #freshToken(): Promise<string> {
    this.#token = undefined;
    return this.#accessToken();
  }

  #address(): string {
    const { baseURL, sessionId, name } = this.#options;
    return `${baseURL}/realtime/v1/sessions/${encodeURIComponent(sessionId)}/channels/${encodeURIComponent(name)}`;
  }
}
