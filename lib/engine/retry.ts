type RetryOptions = {
  firstPauseMs: number;
  longestPauseMs: number;
  /** Gives up and throws after this many attempts. */
  attempts?: number;
  /** True once the result no longer matters: the retries stop and `undefined` is returned. */
  isOver?: () => boolean;
  onFailure?: (error: Error) => void;
};

/** Retries a write through a database outage, with pauses that double. */
export async function retry<Result>(
  write: () => Promise<Result>,
  { firstPauseMs, longestPauseMs, attempts = Infinity, isOver = () => false, onFailure }: RetryOptions,
): Promise<Result | undefined> {
  for (let attempt = 1; !isOver(); attempt++) {
    try {
      return await write();
    } catch (error) {
      if (attempt >= attempts) throw error;
      onFailure?.(error as Error);
      const pauseMs = Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return undefined;
}
