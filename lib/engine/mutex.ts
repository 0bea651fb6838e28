/** Returns a function that runs the tasks of one key one after the other. */
export function createMutex() {
  const tails = new Map<string, Promise<unknown>>();
  return async function exclusive<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    const previous = tails.get(key) ?? Promise.resolve();
    const result = previous.then(task, task);
    const tail = result.catch(() => {}); // The caller gets the failure; the next task only waits for the end.
    tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (tails.get(key) === tail) tails.delete(key);
    }
  };
}
