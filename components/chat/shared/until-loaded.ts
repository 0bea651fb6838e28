import { backOnline } from "./back-online";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/**
 * Imports a part of the page, and retries until it loads: after a delay, and when the browser is back online. Its
 * Suspense fallback is shown until then. Without retries, a script that failed once would be missing until a reload.
 */
export async function untilLoaded<T>(load: () => Promise<T>): Promise<T> {
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, LONGEST_DELAY_MS)) {
    try {
      return await load();
    } catch (error) {
      // On a server, a failing import is a bug, so there is no retry.
      if (typeof window === "undefined") throw error;
      // A part may need several scripts. After one loads, the next is tried at once.
      if (await fetchLostScript(error)) continue;
    }
    await backOnline(delay);
  }
}

const fetched = new Set<string>();

/**
 * Fetches the script that an import failed to load. Turbopack caches the failure, so importing again would repeat it;
 * but it accepts the script if a tag loads it, and the next import finds it. Returns true if it loaded.
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
