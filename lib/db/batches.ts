/** Work on many rows where one failure must not stop the others: try each, and collect what failed. */

/** Runs `work` for each item, `atOnce` at a time. Resolves with the failures, when all are done. */
export async function failuresOf<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
  atOnce = items.length,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  const queue = [...items];
  const workers = Array.from({ length: atOnce }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift())
      await work(item).catch((error: unknown) => failures.push(error));
  });
  await Promise.all(workers);
  return failures;
}

/**
 * Claims rows a batch at a time and works on each. A claim has to keep other processes, and the next claim, from taking
 * the same rows. Resolves with the failures, when a claim no longer fills its batch.
 */
export async function workThrough<Item>(
  claim: (limit: number) => Promise<Item[]>,
  work: (item: Item) => Promise<unknown>,
  { batch, atOnce }: { batch: number; atOnce: number },
): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (;;) {
    const claimed = await claim(batch);
    failures.push(...(await failuresOf(claimed, work, atOnce)));
    if (claimed.length < batch) return failures;
  }
}
