"use client";

import { useSyncExternalStore } from "react";

export type LocalTimeProps = Omit<React.ComponentProps<"time">, "children" | "dateTime"> & {
  at: string | Date;
};

/** A time in the reader's time zone and locale, with the date when it isn't today. */
export function LocalTime({ at, ...props }: LocalTimeProps) {
  // The server doesn't know the reader's time zone: the first render uses UTC, the next one the browser's zone.
  const today = useSyncExternalStore(
    noSubscription,
    () => new Date().toDateString(),
    () => null,
  );
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return null;
  return (
    <time
      data-slot="local-time"
      dateTime={date.toISOString()}
      title={
        today === null ? undefined : date.toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" })
      }
      {...props}
    >
      {today === null ? date.toISOString().slice(11, 16) : timeInWords(date, today)}
    </time>
  );
}

/** The time, with the date when it isn't `today`, and the year when it isn't this one. Default: the reader's locale. */
export function timeInWords(date: Date, today: string, locale?: string): string {
  const time = date.toLocaleTimeString(locale, { timeStyle: "short" });
  if (date.toDateString() === today) return time;
  const isThisYear = today.endsWith(` ${date.getFullYear()}`);
  const day = date.toLocaleDateString(locale, {
    day: "numeric",
    month: "short",
    ...(!isThisYear && { year: "numeric" }),
  });
  return `${day}, ${time}`;
}

function noSubscription() {
  return () => {};
}
