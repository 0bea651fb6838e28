/** Resolves after the delay, or earlier when the browser is back online or the signal aborts. */
export function backOnline(delay: number, patience?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", done);
      patience?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delay);
    globalThis.addEventListener?.("online", done);
    patience?.addEventListener("abort", done);
  });
}
