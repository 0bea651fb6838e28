"use client";

import { useEffect, useState } from "react";

/** Timers pause while a computer sleeps, so the date is checked more often than once a day. */
const LOOK_EVERY_MS = 15 * 60_000;

/** A timestamp of the reader's current day. Renders again when a new day begins, also in a tab left open. */
export function useDay(initial: number | undefined): number {
  const [now, setNow] = useState(() => initial ?? Date.now());
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const checkDay = () => {
      clearTimeout(timer);
      setNow((known) => (dayOf(known) === dayOf(Date.now()) ? known : Date.now()));
      timer = setTimeout(checkDay, Math.min(untilMidnight(), LOOK_EVERY_MS));
    };
    timer = setTimeout(checkDay, 0);
    document.addEventListener("visibilitychange", checkDay);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", checkDay);
    };
  }, []);
  return now;
}

function dayOf(time: number): string {
  return new Date(time).toDateString();
}

function untilMidnight(): number {
  const midnight = new Date();
  midnight.setHours(24, 0, 0, 0);
  return midnight.getTime() - Date.now();
}
