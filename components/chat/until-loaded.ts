import { backOnline } from "./patient-fetch";

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
      await backOnline(delay);
      await fetchLostScript(error);
    }
  }
}

/**
 * Fetches the script that an import failed to get. Turbopack keeps the failure for good, so importing again would only
 * repeat it; but it takes the script when that comes by itself, and the next import finds it.
 */
export function fetchLostScript(error: unknown): Promise<void> {
  const [, src] = (error instanceof Error && /\bload chunk (\S+\.js\S*)/.exec(error.message)) || [];
  if (src === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const script = document.createElement("script");
    const end = () => {
      script.remove();
      resolve();
    };
    script.addEventListener("load", end);
    script.addEventListener("error", end);
    script.src = src;
    document.head.append(script);
  });
}
