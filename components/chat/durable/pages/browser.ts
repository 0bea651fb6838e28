/** The browser features that a durable chat uses. Tests have their own. */
export type Browser = {
  isOnline(): boolean;
  isVisible(): boolean;
  /** These call back until the returned function is called. */
  onNetworkChange(callback: () => void): () => void;
  onVisibilityChange(callback: () => void): () => void;
  /** Calls back when the page is hidden or closed. */
  onLeave(callback: () => void): () => void;
  /** Messages between the tabs of this browser. */
  openChannel<T>(name: string, onMessage: (message: T) => void): { post(message: T): void; close(): void };
  /** Calls `onHeld` once the lock is free, and holds it until the returned function is called. */
  holdLock(name: string, onHeld: () => void): () => void;
  /** False over plain http, where browsers have no locks. Pages then can't tell whether another one is closed. */
  hasLocks(): boolean;
  /** Null when the key is absent. Both throw when the browser forbids storage or it is full. */
  readStored(key: string): string | null;
  /** Null removes the key. */
  writeStored(key: string, value: string | null): void;
  /** Calls back when another tab changes the key. */
  onStored(key: string, callback: () => void): () => void;
};

export const thisBrowser: Browser = {
  isOnline: () => navigator.onLine,
  isVisible: () => document.visibilityState === "visible",
  onNetworkChange(callback) {
    const stops = [listen(window, "online", callback), listen(window, "offline", callback)];
    return () => stops.forEach((stop) => stop());
  },
  onVisibilityChange: (callback) => listen(document, "visibilitychange", callback),
  onLeave: (callback) => listen(window, "pagehide", callback),
  openChannel<T>(name: string, onMessage: (message: T) => void) {
    if (typeof BroadcastChannel === "undefined") return { post() {}, close() {} };
    const channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }) => onMessage(data as T);
    return { post: (message) => channel.postMessage(message), close: () => channel.close() };
  },
  hasLocks: () => "locks" in navigator,
  holdLock(name, onHeld) {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const abort = new AbortController();
    navigator.locks
      .request(name, { signal: abort.signal }, () => {
        onHeld();
        return released;
      })
      // The request was aborted by the function above.
      .catch(() => {});
    return () => {
      abort.abort();
      release();
    };
  },
  readStored: (key) => localStorage.getItem(key),
  writeStored(key, value) {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  },
  onStored: (key, callback) =>
    listen(window, "storage", (event) => (event as StorageEvent).key === key && callback()),
};

function listen(target: EventTarget, type: string, callback: (event: Event) => void): () => void {
  target.addEventListener(type, callback);
  return () => target.removeEventListener(type, callback);
}
