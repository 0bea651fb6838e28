import { useEffect, useRef, useState } from "react";

/** Milliseconds between the renders in which `isRunning` began and ended; undefined if its beginning wasn't seen. */
export function useElapsed(isRunning: boolean) {
  const startedAt = useRef<number | null>(null);
  const [elapsed, setElapsed] = useState<number>();

  useEffect(() => {
    if (isRunning) {
      startedAt.current ??= performance.now();
    } else if (startedAt.current !== null) {
      setElapsed(performance.now() - startedAt.current);
      startedAt.current = null;
    }
  }, [isRunning]);

  return elapsed;
}

export function formatDuration(ms: number) {
  if (ms < 100) return `${Math.max(1, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
