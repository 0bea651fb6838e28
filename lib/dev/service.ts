/** Something that is started, must keep running, and is stopped again. When it dies by itself it is brought back. */
import { setTimeout as delay } from "node:timers/promises";

export type Running = { exited: Promise<unknown>; stop(): Promise<void> };

export type Service<T extends Running> = {
  /** The first start. Rejects when that fails; later failures are met with another try. */
  start: () => Promise<T>;
  stop: () => Promise<void>;
};

export type ServiceOptions<T extends Running> = {
  name: string;
  /** Resolves when it is ready. Must end what it began, and reject, when the signal aborts. */
  launch: (signal: AbortSignal) => Promise<T>;
  say: (line: string) => void;
  giveUp: (sentence: string) => void;
  windowMs?: number;
  firstDelayMs?: number;
};

const maxRestarts = 5;

export function createService<T extends Running>(options: ServiceOptions<T>): Service<T> {
  const { name, launch, say, giveUp, windowMs = 60_000, firstDelayMs = 200 } = options;
  const stopping = new AbortController();
  let deaths: number[] = [];
  let launching: Promise<T> | undefined;

  async function start() {
    stopping.signal.throwIfAborted();
    launching = launch(stopping.signal);
    const running = await launching;
    void running.exited.then((how) => (stopping.signal.aborted ? undefined : restart(describe(how))));
    return running;
  }

  async function restart(how: string) {
    const now = Date.now();
    deaths = [...deaths.filter((at) => now - at < windowMs), now];
    if (deaths.length > maxRestarts) return giveUp(`${name} keeps stopping${how}, so Holdfast stops too.`);
    say(`${name} stopped unexpectedly${how}: starting it again.`);
    try {
      await delay(firstDelayMs * 2 ** (deaths.length - 1), undefined, { signal: stopping.signal });
      await start();
      say(`${name} is back.`);
    } catch (error) {
      if (!stopping.signal.aborted) await restart(describe(error));
    }
  }

  return {
    start,
    async stop() {
      stopping.abort();
      const running = await launching?.catch(() => undefined);
      await running?.stop();
    },
  };
}

function describe(how: unknown) {
  if (how instanceof Error) return ` (${how.message})`;
  return typeof how === "string" ? ` (${how})` : "";
}
