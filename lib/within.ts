import { setTimeout as pause } from "node:timers/promises";

/** Rejects with `complaint` when the work takes longer than that. The work itself may still succeed later. */
export async function within<T>(ms: number, work: Promise<T>, complaint: string): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      pause(ms, undefined, { signal: late.signal }).then(() => {
        throw new Error(complaint);
      }),
    ]);
  } finally {
    late.abort();
  }
}
