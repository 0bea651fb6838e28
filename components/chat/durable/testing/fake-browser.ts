import type { Browser } from "../pages/browser";

/** A browser of several pages: its tabs talk, wait for each other's locks, and share what is stored. */
export class FakeBrowser {
  readonly #channels = new Map<string, Set<{ onMessage: (message: unknown) => unknown }>>();
  readonly #locks = new Map<string, { page: FakePage; onHeld: () => void }[]>();
  readonly #stored = new Map<string, string>();
  readonly #pages = new Set<FakePage>();

  newPage(): FakePage {
    const page = new FakePage(this);
    this.#pages.add(page);
    return page;
  }

  /** The page is gone, perhaps without a word: its locks are free. */
  forget(page: FakePage): void {
    page.isGone = true;
    this.#pages.delete(page);
    for (const [name, queue] of this.#locks)
      for (const request of queue.filter((other) => other.page === page)) this.#release(name, request);
  }

  join(name: string, member: { onMessage: (message: unknown) => unknown }): () => void {
    const members = this.#channels.get(name) ?? new Set();
    this.#channels.set(name, members.add(member));
    return () => members.delete(member);
  }

  post(name: string, from: object, message: unknown): void {
    const copy = JSON.stringify(message);
    setTimeout(() => {
      for (const member of this.#channels.get(name) ?? [])
        if (member !== from) member.onMessage(JSON.parse(copy));
    }, 1);
  }

  request(name: string, page: FakePage, onHeld: () => void): () => void {
    const queue = this.#locks.get(name) ?? [];
    this.#locks.set(name, queue);
    const request = { page, onHeld };
    queue.push(request);
    if (queue[0] === request) setTimeout(() => queue[0] === request && onHeld(), 0);
    return () => this.#release(name, request);
  }

  read(key: string): string | null {
    return this.#stored.get(key) ?? null;
  }

  write(key: string, value: string | null, from: FakePage): void {
    if (value === null) this.#stored.delete(key);
    else this.#stored.set(key, value);
    for (const page of this.#pages) if (page !== from) setTimeout(() => page.tellStored(key), 1);
  }

  #release(name: string, request: { page: FakePage; onHeld: () => void }): void {
    const queue = this.#locks.get(name) ?? [];
    const at = queue.indexOf(request);
    if (at === -1) return;
    queue.splice(at, 1);
    const next = queue[0];
    if (at === 0 && next) setTimeout(() => queue[0] === next && next.onHeld(), 0);
  }
}

/** One page of it. */
export class FakePage implements Browser {
  readonly browser: FakeBrowser;
  /** Nothing is heard of it any more. */
  isGone = false;
  #isOnline = true;
  #isVisible = true;
  readonly #network = new Set<() => void>();
  readonly #visibility = new Set<() => void>();
  readonly #leave = new Set<() => void>();
  readonly #storage = new Set<{ key: string; callback: () => void }>();

  constructor(browser: FakeBrowser) {
    this.browser = browser;
  }

  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    for (const callback of this.#network) callback();
    if (isOnline) globalThis.dispatchEvent?.(new Event("online"));
  }
  setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible;
    for (const callback of this.#visibility) callback();
  }
  leave(): void {
    for (const callback of this.#leave) callback();
  }
  tellStored(key: string): void {
    for (const listener of this.#storage) if (listener.key === key) listener.callback();
  }

  isOnline = () => this.#isOnline;
  isVisible = () => this.#isVisible;
  onNetworkChange = (callback: () => void) => added(this.#network, callback);
  onVisibilityChange = (callback: () => void) => added(this.#visibility, callback);
  onLeave = (callback: () => void) => added(this.#leave, callback);
  openChannel<T>(name: string, onMessage: (message: T) => void) {
    const member = { onMessage: (message: unknown) => this.isGone || onMessage(message as T) };
    const close = this.browser.join(name, member);
    return { post: (message: T) => this.isGone || this.browser.post(name, member, message), close };
  }
  hasLocks = () => true;
  holdLock = (name: string, onHeld: () => void) =>
    this.isGone ? () => {} : this.browser.request(name, this, onHeld);
  readStored = (key: string) => this.browser.read(key);
  writeStored = (key: string, value: string | null) => {
    if (!this.isGone) this.browser.write(key, value, this);
  };
  onStored = (key: string, callback: () => void) => added(this.#storage, { key, callback });
}

function added<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => set.delete(item);
}
