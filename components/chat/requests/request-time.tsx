"use client";

import { useSyncExternalStore } from "react";

/** A time in the reader's time zone, with the date when it isn't today. */
export function RequestTime({ at, className }: { at: string | Date; className?: string }) {
  // The server doesn't know the reader's time zone: the first render uses UTC, the next one the browser's zone.
  const today = useSyncExternalStore(
    noSubscription,
    () => new Date().toDateString(),
    () => null,
  );
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return null;
  return (
    <time data-slot="request-time" dateTime={date.toISOString()} className={className}>
      {today === null ? date.toISOString().slice(11, 16) : inWords(date, today)}
    </time>
  );
}

function inWords(date: Date, today: string) {
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === today) return time;
  const isThisYear = today.endsWith(` ${date.getFullYear()}`);
  const day = date.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    ...(!isThisYear && { year: "numeric" }),
  });
  return `${day}, ${time}`;
}

function noSubscription() {
  return () => {};
}
