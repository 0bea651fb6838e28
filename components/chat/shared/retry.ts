type Decision = "again" | "at once" | "give up";

export type RetryOptions = {
  /** The first pause, in milliseconds. Each further one is twice as long. */
  firstDelayMs: number;
  longestDelayMs: number;
  /** The time after which a failure is final, in milliseconds. Without it there is no end. */
  giveUpAfterMs?: number;
  /** Decides about a failure. "again": after the pause. "at once": without a pause. "give up": it is final. */
  decide?: (error: unknown) => Decision | Promise<Decision>;
  /** Once it is aborted, the next failure is final. */
  signal?: AbortSignal | undefined;
};

/**
 * Calls a function until it succeeds, and rejects with its last failure. Pauses grow, and end early when the browser
 * is back online. For calls only that are safe to repeat.
 */
export async function retry<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { firstDelayMs, longestDelayMs, giveUpAfterMs = Infinity, signal } = options;
  const { decide = () => "again" as const } = options;
  const deadline = Date.now() + giveUpAfterMs;
  const isOver = () => signal?.aborted === true || Date.now() > deadline;
  for (let delay = firstDelayMs; ; delay = Math.min(delay * 2, longestDelayMs)) {
    try {
      return await call();
    } catch (error) {
      const decision = await decide(error);
      if (decision === "at once") continue;
      if (decision === "give up" || isOver()) throw error;
      await backOnline(delay, signal);
      if (isOver()) throw error;
    }
  }
}

/** Resolves after the delay, or earlier when the browser is back online or the signal aborts. */
function backOnline(delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", done);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delay);
    globalThis.addEventListener?.("online", done);
    signal?.addEventListener("abort", done);
  });
}
