/** The way out of a supervisor: once, in order, whoever asked. */
import { Problem } from "./problem";
import { watchParents } from "./parents";

export type Shutdown = {
  /** Stopped in the reverse order of registration. */
  onStop(stop: () => Promise<void> | void): void;
  stop: (code: number) => Promise<void>;
  /** One sentence for a problem, everything for a bug, then out. */
  fail: (error: unknown) => Promise<void>;
  /** Aborts when stopping begins; the reason is the exit code. */
  signal: AbortSignal;
};

const impatienceMs = 1000;

export function createShutdown(): Shutdown {
  const stops: (() => Promise<void> | void)[] = [];
  const stopping = new AbortController();
  let stopped: Promise<void> | undefined;
  let askedAt = 0;

  async function stopAll(code: number) {
    askedAt = Date.now();
    stopping.abort(code);
    for (const stop of stops.toReversed()) {
      try {
        await stop();
      } catch (error) {
        console.error((error as Error).message);
      }
    }
    process.exit(code);
  }

  function stop(code: number) {
    return (stopped ??= stopAll(code));
  }

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // npm passes on a Ctrl-C that the terminal has already sent to us; only a later one means "now". The reaper
      // ends what is left.
      if (stopped && Date.now() - askedAt > impatienceMs) process.exit(1);
      void stop(0);
    });
  }
  watchParents(() => void stop(0));

  return {
    onStop: (stop) => void stops.push(stop),
    stop,
    async fail(error) {
      // What breaks while everything is being stopped was stopped, not broken.
      if (!stopped) console.error(error instanceof Problem ? error.message : error);
      await stop(1);
    },
    signal: stopping.signal,
  };
}
