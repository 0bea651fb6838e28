import type { InspectedSchedule } from "@/lib/inspected";
import { agoOf, statusOf } from "./labels";

/** The tasks that run by themselves: when they run next, and how their last run ended. */
export function ScheduleList({ schedules, now }: { schedules: InspectedSchedule[]; now: number }) {
  if (schedules.length === 0) return null;
  return (
    <section aria-label="Scheduled tasks" className="mx-3 shrink-0 border-t px-2 py-3 text-sm">
      <h2 className="text-2xs text-ink-3">Scheduled tasks</h2>
      <ul className="flex flex-col gap-2 pt-1.5">
        {schedules.map(({ task, cron, timezone, nextAt, lastRun }) => (
          <li key={task} className="flex flex-col">
            <span className="flex justify-between gap-2">
              <span className="truncate text-ink-2">{task}</span>
              <code className="shrink-0 text-xs text-ink-3" title={timezone}>
                {cron}
              </code>
            </span>
            <span className="text-2xs text-ink-3 tabular-nums">
              {nextAt === null ? "No next run" : `Next ${minuteOf(nextAt)}`} ·{" "}
              {lastRun
                ? `${statusOf(lastRun.status).word} ${agoOf(Date.parse(lastRun.createdAt), now)}`
                : "Not run yet"}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** In UTC, so that the server and the browser say the same. */
function minuteOf(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
