const MOST_TIMERS = 20_000;

/** Timers that fire when a test says so. Everything that is due at once, and all that follows from it, is awaited. */
export class VirtualClock {
  #now = 1_700_000_000_000;
  #timers = new Map<number, { at: number; call: () => void }>();
  #lastId = 0;
  #uninstall: (() => void) | undefined;

  install(): void {
    const real = { setTimeout, clearTimeout, now: Date.now };
    const fakeSetTimeout = (call: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      const id = ++this.#lastId;
      this.#timers.set(id, { at: this.#now + Math.max(0, ms), call: () => call(...args) });
      return id;
    };
    const fakeClearTimeout = (id: unknown) => void this.#timers.delete(id as number);
    Object.assign(globalThis, { setTimeout: fakeSetTimeout, clearTimeout: fakeClearTimeout });
    Date.now = () => this.#now;
    this.#uninstall = () => {
      Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
      Date.now = real.now;
    };
  }

  uninstall(): void {
    this.#uninstall?.();
    this.#timers.clear();
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await afterMicrotasks();
    let fired = 0;
    for (let next = this.#next(until); next; next = this.#next(until)) {
      const [id, { at, call }] = next;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, at);
      // A page that is at rest waits. One that is busy for ever has found no exit.
      if (++fired > MOST_TIMERS) throw new Error(`More than ${MOST_TIMERS} timers fired within ${ms} ms.`);
      call();
      await afterMicrotasks();
    }
    this.#now = until;
  }

  #next(until: number) {
    let first: [number, { at: number; call: () => void }] | undefined;
    for (const entry of this.#timers) if (!first || entry[1].at < first[1].at) first = entry;
    return first && first[1].at <= until ? first : undefined;
  }
}

const { setImmediate: realSetImmediate } = globalThis;

async function afterMicrotasks(): Promise<void> {
  for (let round = 0; round < 2; round++) await new Promise((resolve) => realSetImmediate(resolve));
}
