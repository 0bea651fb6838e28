import { retry } from "./retry";

/**
 * Imports a part of the page, and retries until it loads: after a delay, and when the browser is back online. Its
 * Suspense fallback is shown until then. Without retries, a script that failed once would be missing until a reload.
 */
export function untilLoaded<T>(load: () => Promise<T>): Promise<T> {
  return retry(load, {
    firstDelayMs: 500,
    longestDelayMs: 30_000,
    async decide(error) {
      // On a server, a failing import is a bug, so there is no retry.
      if (typeof window === "undefined") return "give up";
      // A part may need several scripts. After one loads, the next is tried at once.
      return (await fetchLostScript(error)) ? "at once" : "again";
    },
  });
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
