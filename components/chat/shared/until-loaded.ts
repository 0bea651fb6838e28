import { backOnline } from "./back-online";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/**
 * Imports a part of the page, and asks for it again for as long as it does not come: when the browser is back online,
 * and after a while. What waits for it shows what it shows without that part. A script that failed once would
 * otherwise stay away until the page is reloaded.
 */
export async function untilLoaded<T>(load: () => Promise<T>): Promise<T> {
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, LONGEST_DELAY_MS)) {
    try {
      return await load();
    } catch (error) {
      // On a server nothing is on its way: what cannot be loaded there is a mistake.
      if (typeof window === "undefined") throw error;
      // A part may have several scripts. When one of them came, the next is asked for at once.
      if (await fetchLostScript(error)) continue;
    }
    await backOnline(delay);
  }
}

const fetched = new Set<string>();

/**
 * Fetches the script that an import failed to get. Turbopack keeps the failure for good, so importing again would only
 * repeat it; but it takes the script when that comes by itself, and the next import finds it. Says whether it came.
 */
export function fetchLostScript(error: unknown): Promise<boolean> {
  const [, src] = (error instanceof Error && /\bload chunk (\S+\.js\S*)/.exec(error.message)) || [];
  if (src === undefined || fetched.has(src)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const script = document.createElement("script");
    const end = (hasCome: boolean) => {
      script.remove();
      if (hasCome) fetched.add(src);
      resolve(hasCome);
    };
    script.addEventListener("load", () => end(true));
    script.addEventListener("error", () => end(false));
    script.src = src;
    document.head.append(script);
  });
}
