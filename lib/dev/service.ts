/** Keeps a process running: it starts the process, restarts it when it dies, and stops it at the end. */
import { setTimeout as delay } from "node:timers/promises";

export type Running = { exited: Promise<unknown>; stop(): Promise<void> };

export type Service<T extends Running> = {
  /** Starts the service. Rejects if that fails; later failures lead to a restart. */
  start: () => Promise<T>;
  stop: () => Promise<void>;
};

type ServiceOptions<T extends Running> = {
  name: string;
  /** Resolves when the process is ready. When the signal aborts it must end the process and reject. */
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
    void running.exited.then((how) => (stopping.signal.aborted ? undefined : restart(reasonOf(how))));
    return running;
  }

  async function restart(how: string) {
    const now = Date.now();
    deaths = [...deaths.filter((at) => now - at < windowMs), now];
    if (deaths.length > maxRestarts)
      return giveUp(
        `${name} keeps crashing${how}, so Holdfast stopped. Your data is safe; the logs have the reason.`,
      );
    say(`${name} stopped unexpectedly${how}. Restarting it.`);
    try {
      await delay(firstDelayMs * 2 ** (deaths.length - 1), undefined, { signal: stopping.signal });
      await start();
      say(`${name} is running again.`);
    } catch (error) {
      if (!stopping.signal.aborted) await restart(reasonOf(error));
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

function reasonOf(how: unknown) {
  if (how instanceof Error) return ` (${how.message})`;
  return typeof how === "string" ? ` (${how})` : "";
}
