/** A task that runs while it has a key, and restarts when the key changes. */
export class KeyedTask {
  readonly #start: () => () => void;
  #key: unknown;
  #stop: (() => void) | undefined;

  /** `start` begins the task and returns the function that ends it. */
  constructor(start: () => () => void) {
    this.#start = start;
  }

  /** Undefined ends the task. */
  setKey(key: unknown): void {
    if (Object.is(key, this.#key)) return;
    this.#key = key;
    this.#stop?.();
    this.#stop = key === undefined ? undefined : this.#start();
  }
}

export type PollOptions = {
  /** The pause before the first call, in milliseconds. Each further one is half as long again. */
  firstMs: number;
  longestMs: number;
};

/** Calls ever less often, and never twice at a time, until the returned function is called. */
export function poll(call: (signal: AbortSignal) => Promise<void>, options: PollOptions): () => void {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout>;
  const callIn = (ms: number) => {
    timer = setTimeout(() => {
      void call(controller.signal)
        // A failed call is repeated like any other.
        .catch(() => {})
        .then(() => controller.signal.aborted || callIn(Math.min(ms * 1.5, options.longestMs)));
    }, ms);
  };
  callIn(options.firstMs);
  return () => {
    clearTimeout(timer);
    controller.abort();
  };
}
