import "server-only";
/** How many pages may watch at once. Each holds a connection to the engine, which polls the database for it. */

const PER_SESSION = 8;
const IN_ALL = 64;

const watchers = new Map<string, number>();

/** Returns a function that ends the watch, or null if there are too many. */
export function joinWatchers(key: string): (() => void) | null {
  const all = [...watchers.values()].reduce((sum, count) => sum + count, 0);
  const here = watchers.get(key) ?? 0;
  if (here >= PER_SESSION || all >= IN_ALL) return null;
  watchers.set(key, here + 1);
  let hasLeft = false;
  return () => {
    if (hasLeft) return;
    hasLeft = true;
    const left = (watchers.get(key) ?? 1) - 1;
    if (left > 0) watchers.set(key, left);
    else watchers.delete(key);
  };
}
