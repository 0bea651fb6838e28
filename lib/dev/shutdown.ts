/** Stops a supervisor once and in order, whatever triggered the stop. */
import { Problem } from "./problem";
import { watchParents } from "./parents";

export type Shutdown = {
  /** Registers a stop function. They run in the reverse order of registration. */
  onStop(stop: () => Promise<void> | void): void;
  stop: (code: number) => Promise<void>;
  /** Prints the message of a `Problem`, or the whole error of a bug, then stops with exit code 1. */
  fail: (error: unknown) => Promise<void>;
  /** Aborts when stopping begins; the reason is the exit code. */
  signal: AbortSignal;
};

const repeatMs = 1000;

export function createShutdown(): Shutdown {
  const stops: (() => Promise<void> | void)[] = [];
  const stopping = new AbortController();
  let stopped: Promise<void> | undefined;
  let stoppingSince = 0;

  async function stopAll(code: number) {
    stoppingSince = Date.now();
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
      // npm forwards a Ctrl-C that the terminal has sent already, so only a later one forces the exit. The reaper then
      // ends the remaining processes.
      if (stopped && Date.now() - stoppingSince > repeatMs) process.exit(1);
      void stop(0);
    });
  }
  watchParents(() => void stop(0));

  return {
    onStop: (stop) => void stops.push(stop),
    stop,
    async fail(error) {
      // Errors during the stop are expected, because the parts stop one after the other.
      if (!stopped) console.error(error instanceof Problem ? error.message : error);
      await stop(1);
    },
    signal: stopping.signal,
  };
}
