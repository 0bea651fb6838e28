export type DateGroup<T> = { label: "Today" | "Yesterday" | "Previous 7 days" | "Older"; items: T[] };

const DAY = 86_400_000;

/**
 * Groups chats by day, newest first. `offsetMinutes` is `Date.prototype.getTimezoneOffset()`, because the day of an
 * instant depends on the reader's time zone. An invalid date counts as "Older".
 */
export function groupByDate<T extends { updatedAt: string | number | Date }>(
  items: readonly T[],
  now: number,
  offsetMinutes: number,
): DateGroup<T>[] {
  const dayOf = (time: number) => Math.floor((time - offsetMinutes * 60_000) / DAY);
  const timeOf = (item: T) => new Date(item.updatedAt).getTime() || 0;
  const today = dayOf(now);
  const groups: DateGroup<T>[] = [
    { label: "Today", items: [] },
    { label: "Yesterday", items: [] },
    { label: "Previous 7 days", items: [] },
    { label: "Older", items: [] },
  ];
  for (const item of items.toSorted((a, b) => timeOf(b) - timeOf(a))) {
    // A clock that is ahead must not create a "Tomorrow".
    const age = Math.max(0, today - dayOf(timeOf(item)));
    groups[age === 0 ? 0 : age === 1 ? 1 : age <= 7 ? 2 : 3]?.items.push(item);
  }
  return groups.filter((group) => group.items.length > 0);
}
