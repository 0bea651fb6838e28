/** Runs tasks of the same key one after the other. */
export function createMutex() {
  const tails = new Map<string, Promise<unknown>>();
  return async function exclusive<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    const before = tails.get(key) ?? Promise.resolve();
    const mine = before.then(task, task);
    const tail = mine.catch(() => {}); // Its caller sees the failure; the next in line only waits for the end.
    tails.set(key, tail);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === tail) tails.delete(key);
    }
  };
}
